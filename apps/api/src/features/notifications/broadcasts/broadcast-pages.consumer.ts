import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '@hms/contracts';
import type { TenantTx } from '@hms/database';
import type { HospitalConsumer } from '../../../platform/events/event-consumer.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { Notifier, type Notice } from '../planning/notifier.service.js';
import { rolesOfTarget } from './broadcast.terms.js';
import { BroadcastsRepository, type RunningBroadcast } from './broadcasts.repository.js';

const recipientsAPage = 200;
const dayMs = 24 * 3_600_000;

/**
 * Writes the notifications of a broadcast, page by page. A page, how far it came and the event that asks for the next one
 * commit together: a worker that dies leaves the page to another, which finds nothing of it done.
 */
@Injectable()
export class BroadcastPages implements HospitalConsumer<'broadcast.advanced'> {
  readonly name = 'broadcast-pages';
  readonly effect = 'hospital';
  readonly types = ['broadcast.advanced'] as const;
  readonly attempts = 50;

  constructor(
    private readonly broadcasts: BroadcastsRepository,
    private readonly notifier: Notifier,
    private readonly outbox: Outbox,
  ) {}

  async handle({ payload, actorId }: DomainEvent<'broadcast.advanced'>, tx: TenantTx): Promise<void> {
    const broadcast = await this.broadcasts.lockRunning(tx, payload.id);
    if (!broadcast) return;
    const { id, target, past } = broadcast;
    const userIds = await this.broadcasts.audience(tx, rolesOfTarget[target], past, recipientsAPage);
    const last = userIds.at(-1);
    if (last === undefined) {
      await this.broadcasts.complete(tx, id);
      return;
    }
    const notices = userIds.map((userId) => noticeOf(broadcast, userId));
    const planned = await this.notifier.notify(tx, notices, new Date());
    await this.broadcasts.advance(tx, id, { past: last, added: planned.length });
    const hospitalId = tx.hospital.id;
    await this.outbox.add(tx, { type: 'broadcast.advanced', payload: { id }, hospitalId, actorId });
  }
}

const noticeOf = ({ id, title, body, priority, createdBy, createdAt }: RunningBroadcast, userId: string): Notice => ({
  dedupeKey: `broadcast:${id}:${userId}`,
  code: 'broadcast',
  params: { title, body },
  recipient: { userId },
  priority,
  expiresAt: new Date(createdAt.getTime() + 3 * dayMs),
  broadcastId: id,
  createdBy,
});
