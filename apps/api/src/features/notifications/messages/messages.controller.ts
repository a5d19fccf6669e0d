import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { CurrentHospitalActor } from '../../../platform/access/current-actor.decorator.js';
import { Audited } from '../../../platform/audit/audited.decorator.js';
import { Idempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import { SendMessageDto, SendMessagesDto, SentMessageDto, SentMessagesDto } from './messages.dto.js';
import { MessagesService } from './messages.service.js';

@ApiTags('Notifications')
@Controller('api/v1/notifications')
export class MessagesController {
  constructor(private readonly messages: MessagesService) {}

  /**
   * Sends somebody of the hospital a message.
   * @throws {404} `notification.recipient-not-found`
   * @throws {422} `request.invalid`
   */
  @Post('send')
  @Access('notification:send')
  @Audited({ action: 'create', entity: 'notification' })
  @Idempotent()
  @Returns(201, SentMessageDto)
  send(@CurrentHospitalActor() actor: HospitalActor, @Body() command: SendMessageDto): Promise<SentMessageDto> {
    return this.messages.send(actor, command);
  }

  /**
   * Sends several people the same message.
   * @throws {422} `request.invalid`
   */
  @Post('send-batch')
  @Access('notification:send')
  @Audited({ action: 'create', entity: 'notification' })
  @Idempotent()
  @Returns(201, SentMessagesDto)
  sendAll(@CurrentHospitalActor() actor: HospitalActor, @Body() command: SendMessagesDto): Promise<SentMessagesDto> {
    return this.messages.sendAll(actor, command);
  }
}
