import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import {
  ChartObservationsDto,
  ObservationDto,
  ObservationListDto,
  ObservationPageDto,
  ObservationsQueryDto,
  VoidObservationDto,
} from './observations.dto.js';
import { ObservationsService } from './observations.service.js';

@ApiTags('Monitoring')
@Controller('api/v1/patients/:id/observations')
export class ObservationsController {
  constructor(private readonly observations: ObservationsService) {}

  /**
   * Charts a round at the bedside. The patient's score is computed again within seconds.
   * @throws {404} `patient.not-found`
   * @throws {422} `request.invalid`
   */
  @Post()
  @Access('observation:chart')
  @Audited({ action: 'create', entity: 'observation' })
  @Idempotent()
  @Returns(201, ObservationListDto)
  chart(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Body() command: ChartObservationsDto,
  ): Promise<ObservationListDto> {
    return this.observations.chart(actor, id, command);
  }

  /**
   * What was charted by hand or imported, newest first; what was called an error is among it.
   * @throws {404} `patient.not-found`
   */
  @Get()
  @Access('vitals:read')
  @Audited({ action: 'read', entity: 'observation' })
  @Returns(200, ObservationPageDto)
  list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: ObservationsQueryDto,
  ): Promise<ObservationPageDto> {
    return this.observations.list(actor, id, query);
  }

  /**
   * Calls an observation an error. It stays in sight, and counts for nothing.
   * @throws {404} `patient.not-found`, `observation.not-found`
   * @throws {409} `observation.voided`
   */
  @Post(':observationId/void')
  @Access('observation:chart')
  @Audited({ action: 'update', entity: 'observation' })
  @Returns(200, ObservationDto)
  void(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) patientId: string,
    @Param('observationId', UuidPipe) id: string,
    @Body() command: VoidObservationDto,
  ): Promise<ObservationDto> {
    return this.observations.void(actor, { patientId, id }, command);
  }
}
