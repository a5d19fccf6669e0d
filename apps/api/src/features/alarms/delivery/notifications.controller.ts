import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { valuesAt } from '../../../platform/audit/audit-subjects.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { NotificationPageDto, NotificationsQueryDto } from './notifications.dto.js';
import { NotificationsService } from './notifications.service.js';

@ApiTags('Alarms')
@Controller('api/v1/alarm-notifications')
export class NotificationsController {
  constructor(private readonly notifications: NotificationsService) {}

  /** The alarms the caller was told of, newest first. One that needed several steps is there more than once. */
  @Get()
  @Access('alarm:read')
  @Audited({ action: 'read', entity: 'alarm', entityIds: valuesAt('alarm.id') })
  @Returns(200, NotificationPageDto)
  list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Query() query: NotificationsQueryDto,
  ): Promise<NotificationPageDto> {
    return this.notifications.list(actor, query);
  }
}
