import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../../platform/http/etag.js';
import { SchedulingSettingsDto, UpdateSchedulingSettingsDto } from './settings.dto.js';
import { SettingsService } from './settings.service.js';

@ApiTags('Scheduling')
@Controller('api/v1/scheduling-settings')
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  /** By which appointments are made here. */
  @Get()
  @Access('schedule:read')
  @Returns(200, SchedulingSettingsDto)
  get(@CurrentHospitalActor() actor: HospitalActor): Promise<SchedulingSettingsDto> {
    return this.settings.get(actor);
  }

  /**
   * Changes what is named; needs `If-Match`.
   * @throws {409} `scheduling-settings.patients-overlap`
   * @throws {412} `precondition.failed`
   */
  @Patch()
  @Access('schedule:manage')
  @Audited({ action: 'update', entity: 'scheduling-settings' })
  @Returns(200, SchedulingSettingsDto)
  update(
    @CurrentHospitalActor() actor: HospitalActor,
    @IfMatch() version: number,
    @Body() change: UpdateSchedulingSettingsDto,
  ): Promise<SchedulingSettingsDto> {
    return this.settings.update(actor, version, change);
  }
}
