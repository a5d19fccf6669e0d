import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import type { CountedPage } from '../../../platform/http/counted-page.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage } from '../../../platform/http/page.js';
import type { NotificationDeliveryDto, NotificationLogQueryDto } from './delivery-log.dto.js';
import { DeliveryLogRepository, type LogRow } from './delivery-log.repository.js';

/** What became of what was sent. */
@Injectable()
export class DeliveryLogService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly log: DeliveryLogRepository,
  ) {}

  /** Newest first. */
  list({ hospital }: HospitalActor, query: NotificationLogQueryDto): Promise<CountedPage<NotificationDeliveryDto>> {
    const { limit, cursor, count = false, ...filter } = query;
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    return this.database.readInHospital(hospital, async (tx) => {
      const rows = await this.log.list(tx, filter, before, limit + 1);
      const page = toPage(rows, limit, toDto, ({ id }) => [id]);
      return { ...page, ...(count ? { total: await this.log.count(tx, filter) } : {}) };
    });
  }
}

const toDto = ({ dueAt, createdAt, finishedAt, ...row }: LogRow): NotificationDeliveryDto => ({
  ...row,
  dueAt: dueAt?.toISOString() ?? null,
  createdAt: createdAt.toISOString(),
  finishedAt: finishedAt?.toISOString() ?? null,
});
