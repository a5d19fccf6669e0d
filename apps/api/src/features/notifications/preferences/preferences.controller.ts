import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { ownUser } from '../../../platform/audit/audit-subjects.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { NotificationPreferencesDto, SetNotificationPreferencesDto } from './preferences.dto.js';
import { PreferencesService } from './preferences.service.js';

@ApiTags('Notifications')
@Controller('api/v1/notification-preferences')
export class PreferencesController {
  constructor(private readonly preferences: PreferencesService) {}

  /** How the caller wants to be told. */
  @Get()
  @Access('notification:own')
  @Audited({ action: 'read', entity: 'notification-preference', entityIds: ownUser })
  @Returns(200, NotificationPreferencesDto)
  get(@CurrentHospitalActor() actor: HospitalActor): Promise<NotificationPreferencesDto> {
    return this.preferences.get(actor);
  }

  /**
   * Sets how the caller wants to be told; what is left out is as the hospital has it.
   * @throws {422} `request.invalid`
   */
  @Put()
  @Access('notification:own')
  @Audited({ action: 'update', entity: 'notification-preference', entityIds: ownUser })
  @Returns(200, NotificationPreferencesDto)
  set(
    @CurrentHospitalActor() actor: HospitalActor,
    @Body() command: SetNotificationPreferencesDto,
  ): Promise<NotificationPreferencesDto> {
    return this.preferences.set(actor, command);
  }
}
