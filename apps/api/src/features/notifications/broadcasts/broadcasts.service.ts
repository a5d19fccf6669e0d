import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page, type PageQueryDto } from '../../../platform/http/page.js';
import { notificationError } from '../notifications.errors.js';
import type { BroadcastCountsDto, BroadcastDto, CreateBroadcastDto } from './broadcasts.dto.js';
import { BroadcastsRepository, type BroadcastRow } from './broadcasts.repository.js';

/** One text for many people. */
@Injectable()
export class BroadcastsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly broadcasts: BroadcastsRepository,
    private readonly outbox: Outbox,
  ) {}

  /** It is sent by workers. */
  start(actor: HospitalActor, { target, title, body, priority = 'normal' }: CreateBroadcastDto): Promise<BroadcastDto> {
    const broadcast = { target, title, body, priority, createdBy: actor.userId };
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const row = await this.broadcasts.insert(tx, broadcast);
      await this.outbox.add(tx, eventBy(actor, 'broadcast.advanced', { id: row.id }));
      return toDto(row, none);
    });
  }

  /** Newest first. */
  list(actor: HospitalActor, { limit, cursor }: PageQueryDto): Promise<Page<BroadcastDto>> {
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const rows = await this.broadcasts.list(tx, before, limit + 1);
      const page = toPage(
        rows,
        limit,
        (row) => row,
        ({ id }) => [id],
      );
      return { ...page, items: await this.#counted(tx, page.items) };
    });
  }

  /** @throws `broadcast.not-found` */
  get(actor: HospitalActor, id: string): Promise<BroadcastDto> {
    return this.database.readInHospital(actor.hospital, (tx) => this.#require(tx, id));
  }

  /** Takes back what no provider has yet. @throws `broadcast.not-found` or `broadcast.finished` */
  cancel(actor: HospitalActor, id: string): Promise<BroadcastDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.#require(tx, id);
      if (!(await this.broadcasts.cancel(tx, id))) throw notificationError('broadcast.finished');
      return this.#require(tx, id);
    });
  }

  async #require(tx: TenantTx, id: string): Promise<BroadcastDto> {
    const row = await this.broadcasts.find(tx, id);
    const [broadcast] = row ? await this.#counted(tx, [row]) : [];
    if (!broadcast) throw notificationError('broadcast.not-found');
    return broadcast;
  }

  async #counted(tx: TenantTx, rows: readonly BroadcastRow[]): Promise<BroadcastDto[]> {
    const found = await this.broadcasts.counts(
      tx,
      rows.map(({ id }) => id),
    );
    return rows.map((row) => {
      const counts = { ...none, ...(row.forgotten as Partial<BroadcastCountsDto>) };
      for (const { broadcastId, status, count } of found) if (broadcastId === row.id) counts[status] += count;
      return toDto(row, counts);
    });
  }
}

const none: BroadcastCountsDto = { queued: 0, sending: 0, sent: 0, failed: 0, expired: 0, cancelled: 0 };

const toDto = (row: BroadcastRow, deliveries: BroadcastCountsDto): BroadcastDto => ({
  id: row.id,
  // Constraints of the table.
  target: row.target as BroadcastDto['target'],
  title: row.title,
  body: row.body,
  priority: row.priority as BroadcastDto['priority'],
  status: row.status as BroadcastDto['status'],
  recipients: row.recipients,
  deliveries,
  createdBy: row.createdBy,
  createdAt: row.createdAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
});
