import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../platform/access/current-actor.decorator.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { EncounterPageDto, EncountersQueryDto } from './encounters.dto.js';
import { EncountersService } from './encounters.service.js';

@ApiTags('Encounters')
@Controller('api/v1/encounters')
export class WorklistController {
  constructor(private readonly encounters: EncountersService) {}

  /** Who is expected, waits or is being seen: the encounters of the hospital, the latest first. */
  @Get()
  @Access('encounter:read')
  @Audited({ action: 'read', entity: 'encounter' })
  @Returns(200, EncounterPageDto)
  list(@CurrentHospitalActor() actor: HospitalActor, @Query() query: EncountersQueryDto): Promise<EncounterPageDto> {
    return this.encounters.worklist(actor, query);
  }
}
