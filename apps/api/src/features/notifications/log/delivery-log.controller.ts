import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { answerPage } from '../../../platform/http/counted-page.js';
import { NotificationLogDto, NotificationLogQueryDto } from './delivery-log.dto.js';
import { DeliveryLogService } from './delivery-log.service.js';

@ApiTags('Admin')
@Controller('api/v1/admin/notifications/logs')
export class DeliveryLogController {
  constructor(private readonly log: DeliveryLogService) {}

  /** What was sent or is to be, newest first, without what it says. */
  @Get()
  @Access('notification:manage')
  @Audited({ action: 'read', entity: 'notification-delivery' })
  @Returns(200, NotificationLogDto)
  async list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Query() query: NotificationLogQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NotificationLogDto> {
    return answerPage(reply, await this.log.list(actor, query));
  }
}
