import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { ApiConfig } from '../../../platform/config/api-config.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { CountedPage } from '../../../platform/http/counted-page.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage } from '../../../platform/http/page.js';
import { textOf } from '../delivery/delivery-text.js';
import { notificationError } from '../notifications.errors.js';
import { TemplatesRepository } from '../templates/templates.repository.js';
import type { InboxQueryDto, InboxNotificationDto } from './inbox.dto.js';
import { InboxRepository, type InboxRow } from './inbox.repository.js';

/** What somebody was told, as the app shows it. */
@Injectable()
export class InboxService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly inbox: InboxRepository,
    private readonly templates: TemplatesRepository,
    private readonly config: ApiConfig,
  ) {}

  /** Newest first. */
  list({ hospital, userId }: HospitalActor, query: InboxQueryDto): Promise<CountedPage<InboxNotificationDto>> {
    const { limit, cursor, unread, count = false } = query;
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    const filter = { userId, unread };
    return this.database.readInHospital(hospital, async (tx) => {
      const page = toPage(
        await this.inbox.list(tx, filter, before, limit + 1),
        limit,
        (row) => row,
        ({ id }) => [id],
      );
      const items = await this.#shown(tx, page.items);
      return { ...page, items, ...(count ? { total: await this.inbox.count(tx, filter) } : {}) };
    });
  }

  /** @throws `notification.not-found` */
  get({ hospital, userId }: HospitalActor, id: string): Promise<InboxNotificationDto> {
    return this.database.readInHospital(hospital, (tx) => this.#require(tx, userId, id));
  }

  /** Once it was read, it stays so. @throws `notification.not-found` */
  markRead(actor: HospitalActor, id: string): Promise<InboxNotificationDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.inbox.markRead(tx, actor.userId, id, new Date());
      return this.#require(tx, actor.userId, id);
    });
  }

  async #require(tx: TenantTx, userId: string, id: string): Promise<InboxNotificationDto> {
    const [notification] = await this.#shown(tx, await this.inbox.list(tx, { userId, id }, undefined, 1));
    if (!notification) throw notificationError('notification.not-found');
    return notification;
  }

  async #shown(tx: TenantTx, rows: readonly InboxRow[]): Promise<InboxNotificationDto[]> {
    if (rows.length === 0) return [];
    const own = await this.templates.list(tx);
    return rows.map((row) => {
      const { subject, body } = textOf({ ...row, notificationId: row.id }, 'in-app', this.config.publicUrl, own);
      const { id, code, priority, createdAt, readAt } = row;
      const times = { createdAt: createdAt.toISOString(), readAt: readAt?.toISOString() ?? null };
      return { id, code, title: subject ?? row.hospitalName, body, priority, ...times };
    });
  }
}
