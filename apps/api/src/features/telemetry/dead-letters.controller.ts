import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { DeadLetterDto, DeadLetterPageDto, DeadLetterQueryDto, DiscardDeadLetterDto } from './dead-letters.dto.js';
import { DeadLettersService } from './dead-letters.service.js';

@ApiTags('Telemetry')
@Controller('api/v1/telemetry/dead-letters')
export class DeadLettersController {
  constructor(private readonly letters: DeadLettersService) {}

  /** Readings the database refused, newest first: those nobody decided about, unless `state` says otherwise. */
  @Get()
  @Access('gateway:manage')
  @Audited({ action: 'read', entity: 'dead-letter' })
  @Returns(200, DeadLetterPageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: DeadLetterQueryDto): Promise<DeadLetterPageDto> {
    return this.letters.list(actor, query);
  }

  /** Stores the reading, once what stood in its way is mended, for whoever wore the device when it was recorded. */
  @Post(':id/replay')
  @Access('gateway:manage')
  @Audited({ action: 'update', entity: 'dead-letter' })
  @Returns(200, DeadLetterDto)
  replay(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<DeadLetterDto> {
    return this.letters.replay(actor, id);
  }

  /** Gives the reading up, with the reason. It is deleted 30 days later. */
  @Post(':id/discard')
  @Access('gateway:manage')
  @Audited({ action: 'update', entity: 'dead-letter' })
  @Returns(200, DeadLetterDto)
  discard(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() { reason }: DiscardDeadLetterDto,
  ): Promise<DeadLetterDto> {
    return this.letters.discard(actor, id, reason);
  }
}
