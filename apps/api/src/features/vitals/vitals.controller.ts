import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { LatestVitalsDto, VitalsHistoryDto, VitalsQueryDto, WardVitalsDto } from './vitals.dto.js';
import { VitalsService } from './vitals.service.js';
import { WaveformsDto, WaveformsQueryDto } from './waveforms.dto.js';
import { WaveformsService } from './waveforms.service.js';

@ApiTags('Vitals')
@Controller('api/v1')
export class VitalsController {
  constructor(
    private readonly vitals: VitalsService,
    private readonly waveforms: WaveformsService,
  ) {}

  /** Readings of a patient: raw, or summed up for a chart. */
  @Get('patients/:id/vitals')
  @Access('vitals:read')
  @Audited({ action: 'read', entity: 'vitals' })
  @Returns(200, VitalsHistoryDto)
  history(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: VitalsQueryDto,
  ): Promise<VitalsHistoryDto> {
    return this.vitals.history(actor, id, query);
  }

  /** Waveforms of a patient, such as an ECG: at most a minute of them. */
  @Get('patients/:id/waveforms')
  @Access('vitals:read')
  @Audited({ action: 'read', entity: 'vitals' })
  @Returns(200, WaveformsDto)
  waveformsOf(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: WaveformsQueryDto,
  ): Promise<WaveformsDto> {
    return this.waveforms.ofPatient(actor, id, query);
  }

  /** The last known value of each vital sign, each with its own time. */
  @Get('patients/:id/vitals/latest')
  @Access('vitals:read')
  @Audited({ action: 'read', entity: 'vitals' })
  @Returns(200, LatestVitalsDto)
  latestOfPatient(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
  ): Promise<LatestVitalsDto> {
    return this.vitals.latestOfPatient(actor, id);
  }

  /** The last known values of everybody who wears a device on the ward, by bed and name. */
  @Get('wards/:id/vitals/latest')
  @Access('vitals:read')
  @Audited({ action: 'read', entity: 'vitals', entityIds: () => [] })
  @Returns(200, WardVitalsDto)
  latestOfWard(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
  ): Promise<WardVitalsDto> {
    return this.vitals.latestOfWard(actor, id);
  }
}
