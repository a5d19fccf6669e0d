import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { IfMatch } from '../../../platform/http/etag.js';
import { SetNotificationSettingsDto, NotificationSettingsDto } from './settings.dto.js';
import { SettingsService } from './settings.service.js';

@ApiTags('Admin')
@Controller('api/v1/admin/notifications/settings')
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  /** Channels, quiet hours and rate of the hospital. */
  @Get()
  @Access('notification:manage')
  @Audited({ action: 'read', entity: 'notification-settings' })
  @Returns(200, NotificationSettingsDto)
  get(@CurrentHospitalActor() actor: HospitalActor): Promise<NotificationSettingsDto> {
    return this.settings.get(actor);
  }

  /**
   * Sets them; needs `If-Match`.
   * @throws {412} `precondition.failed`
   * @throws {422} `request.invalid`
   * @throws {428} `precondition.required`
   */
  @Put()
  @Access('notification:manage')
  @Audited({ action: 'update', entity: 'notification-settings' })
  @Returns(200, NotificationSettingsDto)
  set(
    @CurrentHospitalActor() actor: HospitalActor,
    @IfMatch() version: number,
    @Body() command: SetNotificationSettingsDto,
  ): Promise<NotificationSettingsDto> {
    return this.settings.set(actor, version, command);
  }
}
