import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { TimelinePageDto, TimelineQueryDto } from './timeline.dto.js';
import { TimelineService } from './timeline.service.js';

@ApiTags('Patients')
@Controller('api/v1/patients/:id/timeline')
export class TimelineController {
  constructor(private readonly timeline: TimelineService) {}

  /**
   * Everything about a patient, the newest first: appointments, encounters, diagnoses, problems, allergies, notes, what was
   * charted, alarms.
   * @throws {404} `patient.not-found`
   */
  @Get()
  @Access('timeline:read')
  @Audited({ action: 'read', entity: 'timeline' })
  @Returns(200, TimelinePageDto)
  list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
    @Query() query: TimelineQueryDto,
  ): Promise<TimelinePageDto> {
    return this.timeline.list(actor, id, query);
  }
}
