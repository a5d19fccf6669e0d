import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import type { Priority, TemplateCode } from '../notification.terms.js';

export interface InboxRow {
  readonly id: string;
  readonly code: TemplateCode;
  readonly params: Readonly<Record<string, string>>;
  readonly priority: Priority;
  readonly createdAt: Date;
  readonly readAt: Date | null;
  readonly languages: (string | null)[];
  readonly hospitalName: string;
  readonly timezone: string;
}

export interface InboxFilter {
  readonly userId: string;
  readonly unread?: boolean | undefined;
  readonly id?: string;
}

const { sql, empty } = TenantPrisma;

/** What one user was told. */
@Injectable()
export class InboxRepository {
  /** Newest first. */
  list(tx: TenantTx, filter: InboxFilter, before: string | undefined, take: number): Promise<InboxRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<InboxRow[]>`
      select n.id, n.code, n.params, n.priority, n.created_at as "createdAt", n.read_at as "readAt",
             array[f.language, p.preferred_language, s.language] as languages, h.name as "hospitalName",
             coalesce(f.timezone, h.timezone) as timezone
        from ${schema}.notification n
        cross join ${schema}.notification_settings s
        cross join public.notification_sender() h
        left join ${schema}.notification_preference f on f.user_id = n.user_id
        left join ${schema}.patient p on p.id = n.patient_id
       where ${matching(filter)} ${before === undefined ? empty : sql`and n.id < ${before}::uuid`}
       order by n.id desc limit ${take}`;
  }

  async count(tx: TenantTx, filter: InboxFilter): Promise<number> {
    const [row] = await tx.$queryRaw<{ n: number }[]>`
      select count(*)::int as n from ${schemaSql(tx.hospital)}.notification n where ${matching(filter)}`;
    return row?.n ?? 0;
  }

  /** The first time counts. */
  async markRead(tx: TenantTx, userId: string, id: string, now: Date): Promise<void> {
    await tx.notification.updateMany({ where: { id, userId, readAt: null }, data: { readAt: now } });
  }
}

const matching = ({ userId, unread, id }: InboxFilter): TenantPrisma.Sql => sql`
  n.user_id = ${userId}::uuid
  ${id === undefined ? empty : sql`and n.id = ${id}::uuid`}
  ${unread === undefined ? empty : sql`and (n.read_at is null) = ${unread}`}`;
