import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import { CreateSuppressionDto, SuppressionDto, SuppressionPageDto, SuppressionsQueryDto } from './suppressions.dto.js';
import { SuppressionsService } from './suppressions.service.js';

@ApiTags('Alarms')
@Controller('api/v1/patients/:id/alarm-suppressions')
export class SuppressionsController {
  constructor(private readonly suppressions: SuppressionsService) {}

  /**
   * For a while nobody is told of the patient's alarms, or of those of one rule. They stay on the list.
   * @throws {404} `patient.not-found`
   */
  @Post()
  @Access('alarm:suppress')
  @Audited({ action: 'create', entity: 'alarm-suppression' })
  @Idempotent()
  @Returns(201, SuppressionDto)
  create(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: CreateSuppressionDto,
  ): Promise<SuppressionDto> {
    return this.suppressions.create(actor, id, command);
  }

  /**
   * Newest first.
   * @throws {404} `patient.not-found`
   */
  @Get()
  @Access('alarm:read')
  @Audited({ action: 'read', entity: 'alarm-suppression' })
  @Returns(200, SuppressionPageDto)
  list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: SuppressionsQueryDto,
  ): Promise<SuppressionPageDto> {
    return this.suppressions.list(actor, id, query);
  }

  /**
   * Ends it before its time: what is open is told within seconds.
   * @throws {404} `patient.not-found`, `alarm-suppression.not-found`
   * @throws {409} `alarm-suppression.ended`
   */
  @Post(':suppressionId/end')
  @Access('alarm:suppress')
  @Audited({ action: 'update', entity: 'alarm-suppression' })
  @Returns(200, SuppressionDto)
  end(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('suppressionId', UuidPipe) id: string,
  ): Promise<SuppressionDto> {
    return this.suppressions.end(actor, patientId, id);
  }
}
