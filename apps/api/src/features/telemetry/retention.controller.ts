import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../platform/http/etag.js';
import { RetentionDto, UpdateRetentionDto } from './retention.dto.js';
import { RetentionService } from './retention.service.js';

@ApiTags('Telemetry')
@Controller('api/v1/telemetry/retention')
export class RetentionController {
  constructor(private readonly retention: RetentionService) {}

  /** How long readings and their sums are kept. */
  @Get()
  @Access('gateway:manage')
  @Audited({ action: 'read', entity: 'telemetry-retention' })
  @Returns(200, RetentionDto)
  get(@CurrentHospitalActor() actor: HospitalActor): Promise<RetentionDto> {
    return this.retention.get(actor);
  }

  /** Changes it; needs `If-Match`. What is older than a shorter time is deleted within about an hour, for good. */
  @Patch()
  @Access('gateway:manage')
  @Audited({ action: 'update', entity: 'telemetry-retention' })
  @Returns(200, RetentionDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @IfMatch() version: number,
    @Body() change: UpdateRetentionDto,
  ): Promise<RetentionDto> {
    return this.retention.update(actor, version, change);
  }
}
