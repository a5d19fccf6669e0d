import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../../platform/http/etag.js';
import { EncounterSettingsDto, UpdateEncounterSettingsDto } from './encounter-settings.dto.js';
import { EncounterSettingsService } from './encounter-settings.service.js';

@ApiTags('Encounters')
@Controller('api/v1/encounter-settings')
export class EncounterSettingsController {
  constructor(private readonly settings: EncounterSettingsService) {}

  /** What has to be there before an encounter is finished. */
  @Get()
  @Access('encounter-settings:manage')
  @Audited({ action: 'read', entity: 'encounter-settings' })
  @Returns(200, EncounterSettingsDto)
  get(@CurrentHospitalActor() actor: HospitalActor): Promise<EncounterSettingsDto> {
    return this.settings.get(actor);
  }

  /**
   * Changes it, from the next encounter that is finished on.
   * @throws {412} `precondition.failed`
   * @throws {428} `precondition.required`
   */
  @Patch()
  @Access('encounter-settings:manage')
  @Audited({ action: 'update', entity: 'encounter-settings' })
  @Returns(200, EncounterSettingsDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @IfMatch() version: number,
    @Body() change: UpdateEncounterSettingsDto,
  ): Promise<EncounterSettingsDto> {
    return this.settings.update(actor, version, change);
  }
}
