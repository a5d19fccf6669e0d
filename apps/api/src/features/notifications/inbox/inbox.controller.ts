import { Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { answerPage } from '../../../platform/http/counted-page.js';
import { UuidPipe } from '../../../platform/http/uuid.pipe.js';
import { InboxQueryDto, InboxNotificationDto, InboxPageDto } from './inbox.dto.js';
import { InboxService } from './inbox.service.js';

@ApiTags('Notifications')
@Controller('api/v1/notifications')
export class InboxController {
  constructor(private readonly inbox: InboxService) {}

  /** What the caller was told, newest first. */
  @Get()
  @Access('notification:own')
  @Audited({ action: 'read', entity: 'notification' })
  @Returns(200, InboxPageDto)
  async list(
    @CurrentHospitalActor() actor: HospitalActor,
    @Query() query: InboxQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<InboxPageDto> {
    return answerPage(reply, await this.inbox.list(actor, query));
  }

  /**
   * One thing the caller was told. The links in mails and SMS end in its id, as 22 characters of base64url.
   * @throws {404} `notification.not-found`
   */
  @Get(':id')
  @Access('notification:own')
  @Audited({ action: 'read', entity: 'notification' })
  @Returns(200, InboxNotificationDto)
  get(@CurrentHospitalActor() actor: HospitalActor, @Param('id', UuidPipe) id: string): Promise<InboxNotificationDto> {
    return this.inbox.get(actor, id);
  }

  /**
   * Notes that the caller read it.
   * @throws {404} `notification.not-found`
   */
  @Post(':id/read')
  @Access('notification:own')
  @Audited({ action: 'update', entity: 'notification' })
  @Returns(200, InboxNotificationDto)
  markRead(
    @CurrentHospitalActor() actor: HospitalActor,
    @Param('id', UuidPipe) id: string,
  ): Promise<InboxNotificationDto> {
    return this.inbox.markRead(actor, id);
  }
}
