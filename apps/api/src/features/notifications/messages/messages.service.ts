import { Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { notificationError } from '../notifications.errors.js';
import { Notifier, type Notice } from '../planning/notifier.service.js';
import type { SendMessageDto, SendMessagesDto, SentMessageDto, SentMessagesDto } from './messages.dto.js';

const livesMs = 3 * 24 * 3_600_000;

/** What somebody writes to somebody. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly notifier: Notifier,
  ) {}

  /** @throws `notification.recipient-not-found` */
  async send(actor: HospitalActor, { userId, ...message }: SendMessageDto): Promise<SentMessageDto> {
    const now = new Date();
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const [planned] = await this.notifier.notify(tx, [noticeTo(userId, message, actor, now)], now);
      if (!planned) throw notificationError('notification.recipient-not-found');
      return { id: planned.id, userId };
    });
  }

  async sendAll(actor: HospitalActor, { userIds, ...message }: SendMessagesDto): Promise<SentMessagesDto> {
    const now = new Date();
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const notices = userIds.map((userId) => noticeTo(userId, message, actor, now));
      const planned = await this.notifier.notify(tx, notices, now);
      const items = planned.flatMap(({ id, userId }) => (userId === null ? [] : [{ id, userId }]));
      const told = new Set(items.map(({ userId }) => userId));
      return { items, unknown: userIds.filter((userId) => !told.has(userId)) };
    });
  }
}

type Message = Omit<SendMessageDto, 'userId'>;

/** Each is one of its own: repetitions are told by their Idempotency-Key. */
const noticeTo = (userId: string, message: Message, actor: HospitalActor, now: Date): Notice => ({
  dedupeKey: `message:${uuidv7()}`,
  code: 'message',
  params: { title: message.title, body: message.body },
  recipient: { userId },
  priority: message.priority ?? 'normal',
  expiresAt: new Date(now.getTime() + livesMs),
  createdBy: actor.userId,
});
