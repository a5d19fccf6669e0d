import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../../platform/http/etag.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { LatestScoreDto, MonitoringDto, ScorePageDto, ScoresQueryDto, SetMonitoringDto } from './monitoring.dto.js';
import { MonitoringService } from './monitoring.service.js';

@ApiTags('Monitoring')
@Controller('api/v1/patients/:id')
export class MonitoringController {
  constructor(private readonly monitoring: MonitoringService) {}

  /**
   * How the patient is scored.
   * @throws {404} `patient.not-found`
   */
  @Get('monitoring')
  @Access('vitals:read')
  @Audited({ action: 'read', entity: 'monitoring' })
  @Returns(200, MonitoringDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<MonitoringDto> {
    return this.monitoring.get(actor, id);
  }

  /**
   * Decides how the patient is scored; `If-Match: "0"` where nobody has yet.
   * @throws {404} `patient.not-found`
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   */
  @Put('monitoring')
  @Access('monitoring:manage')
  @Audited({ action: 'update', entity: 'monitoring' })
  @Returns(200, MonitoringDto)
  set(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @IfMatch() version: number,
    @Body() command: SetMonitoringDto,
  ): Promise<MonitoringDto> {
    return this.monitoring.set(actor, id, version, command);
  }

  /**
   * Early warning scores, newest first: one is kept when it differs from the one before.
   * @throws {404} `patient.not-found`
   */
  @Get('scores')
  @Access('vitals:read')
  @Audited({ action: 'read', entity: 'score' })
  @Returns(200, ScorePageDto)
  scores(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: ScoresQueryDto,
  ): Promise<ScorePageDto> {
    return this.monitoring.scores(actor, id, query);
  }

  /**
   * The newest score, with what it was computed from and what it asks for.
   * @throws {404} `patient.not-found`
   */
  @Get('scores/latest')
  @Access('vitals:read')
  @Audited({ action: 'read', entity: 'score' })
  @Returns(200, LatestScoreDto)
  latestScore(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
  ): Promise<LatestScoreDto> {
    return this.monitoring.latestScore(actor, id);
  }
}
