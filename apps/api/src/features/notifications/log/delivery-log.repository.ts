import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import type { Channel, DeliveryStatus, TemplateCode } from '../notification.terms.js';

export interface LogRow {
  readonly id: string;
  readonly notificationId: string;
  readonly code: TemplateCode;
  readonly userId: string | null;
  readonly patientId: string | null;
  readonly broadcastId: string | null;
  readonly channel: Channel;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly dueAt: Date | null;
  readonly providerId: string | null;
  readonly error: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

export interface LogFilter {
  readonly channel?: Channel;
  readonly status?: DeliveryStatus;
  readonly code?: TemplateCode;
  readonly userId?: string;
  readonly patientId?: string;
  readonly broadcastId?: string;
  readonly from?: Date;
  readonly to?: Date;
}

const { sql, join, empty } = TenantPrisma;

@Injectable()
export class DeliveryLogRepository {
  /** Newest first: their ids are in the order of time. */
  list(tx: TenantTx, filter: LogFilter, before: string | undefined, take: number): Promise<LogRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<LogRow[]>`
      select d.id, d.notification_id as "notificationId", n.code, n.user_id as "userId", n.patient_id as "patientId",
             n.broadcast_id as "broadcastId", d.channel, d.status, d.attempts, d.due_at as "dueAt",
             d.provider_id as "providerId", d.error, d.created_at as "createdAt", d.finished_at as "finishedAt"
        from ${schema}.notification_delivery d join ${schema}.notification n on n.id = d.notification_id
       where ${matching(filter)} ${before === undefined ? empty : sql`and d.id < ${before}::uuid`}
       order by d.id desc limit ${take}`;
  }

  async count(tx: TenantTx, filter: LogFilter): Promise<number> {
    const schema = schemaSql(tx.hospital);
    const [row] = await tx.$queryRaw<{ n: number }[]>`
      select count(*)::int as n
        from ${schema}.notification_delivery d join ${schema}.notification n on n.id = d.notification_id
       where ${matching(filter)}`;
    return row?.n ?? 0;
  }
}

function matching(filter: LogFilter): TenantPrisma.Sql {
  const { channel, status, code, userId, patientId, broadcastId, from, to } = filter;
  const conditions = [
    sql`true`,
    ...(channel === undefined ? [] : [sql`d.channel = ${channel}`]),
    ...(status === undefined ? [] : [sql`d.status = ${status}`]),
    ...(code === undefined ? [] : [sql`n.code = ${code}`]),
    ...(userId === undefined ? [] : [sql`n.user_id = ${userId}::uuid`]),
    ...(patientId === undefined ? [] : [sql`n.patient_id = ${patientId}::uuid`]),
    ...(broadcastId === undefined ? [] : [sql`n.broadcast_id = ${broadcastId}::uuid`]),
    ...(from === undefined ? [] : [sql`d.created_at >= ${from}`]),
    ...(to === undefined ? [] : [sql`d.created_at < ${to}`]),
  ];
  return join(conditions, ' and ');
}
