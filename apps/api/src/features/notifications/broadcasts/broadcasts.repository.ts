import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { DeliveryStatus, Priority } from '../notification.terms.js';
import type { BroadcastTarget } from './broadcast.terms.js';

const columns = {
  id: true,
  target: true,
  title: true,
  body: true,
  priority: true,
  status: true,
  recipients: true,
  createdBy: true,
  createdAt: true,
  finishedAt: true,
  forgotten: true,
  version: true,
} as const satisfies TenantPrisma.NotificationBroadcastSelect;

export type BroadcastRow = TenantPrisma.NotificationBroadcastGetPayload<{ select: typeof columns }>;

/** A broadcast whose next page is to be planned. */
export interface RunningBroadcast {
  readonly id: string;
  readonly target: BroadcastTarget;
  readonly title: string;
  readonly body: string;
  readonly priority: Priority;
  readonly past: string | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}

export interface NewBroadcast {
  readonly target: BroadcastTarget;
  readonly title: string;
  readonly body: string;
  readonly priority: Priority;
  readonly createdBy: string;
}

@Injectable()
export class BroadcastsRepository {
  insert(tx: TenantTx, broadcast: NewBroadcast): Promise<BroadcastRow> {
    return tx.notificationBroadcast.create({ data: { id: uuidv7(), ...broadcast }, select: columns });
  }

  find(tx: TenantTx, id: string): Promise<BroadcastRow | null> {
    return tx.notificationBroadcast.findUnique({ where: { id }, select: columns });
  }

  /** Newest first. */
  list(tx: TenantTx, before: string | undefined, take: number): Promise<BroadcastRow[]> {
    const where = before === undefined ? {} : { id: { lt: before } };
    return tx.notificationBroadcast.findMany({ where, select: columns, orderBy: { id: 'desc' }, take });
  }

  /** Nobody else plans a page of it until the transaction ends. Undefined when it is over. */
  async lockRunning(tx: TenantTx, id: string): Promise<RunningBroadcast | undefined> {
    const [row] = await tx.$queryRaw<RunningBroadcast[]>`
      select id, target, title, body, priority, past, created_by as "createdBy", created_at as "createdAt"
        from ${schemaSql(tx.hospital)}.notification_broadcast
       where id = ${id}::uuid and status = 'running' for no key update`;
    return row;
  }

  /** Ids of the next recipients, in their order; `roles` null: everybody. */
  async audience(tx: TenantTx, roles: readonly string[] | null, past: string | null, most: number): Promise<string[]> {
    const rows = await tx.$queryRaw<{ id: string }[]>`
      select id from public.notification_audience(
        ${roles === null ? null : [...roles]}::text[], ${past}::uuid, ${most}::int) as id`;
    return rows.map(({ id }) => id);
  }

  async advance(tx: TenantTx, id: string, step: { past: string; added: number }): Promise<void> {
    const data = { past: step.past, recipients: { increment: step.added } };
    await tx.notificationBroadcast.update({ where: { id }, data, select: { id: true } });
  }

  async complete(tx: TenantTx, id: string): Promise<void> {
    const data = { status: 'completed', finishedAt: new Date() };
    await tx.notificationBroadcast.update({ where: { id }, data, select: { id: true } });
  }

  /**
   * Ends it, and takes back what has not been handed to a provider; what is on its way is not repeated. Undefined when
   * there is no such broadcast that runs or has something waiting.
   */
  async cancel(tx: TenantTx, id: string): Promise<BroadcastRow | undefined> {
    const schema = schemaSql(tx.hospital);
    const stopped = await tx.$executeRaw`
      update ${schema}.notification_broadcast b
         set status = 'cancelled', finished_at = coalesce(b.finished_at, now())
       where b.id = ${id}::uuid
             and (b.status = 'running'
                  or b.status = 'completed' and exists (
                       select from ${schema}.notification n
                         join ${schema}.notification_delivery d on d.notification_id = n.id
                        where n.broadcast_id = b.id and d.status in ('queued', 'sending')))`;
    if (stopped === 0) return undefined;
    await tx.$executeRaw`
      update ${schema}.notification_delivery d
         set status = 'cancelled', error = 'broadcast.cancelled', due_at = null, finished_at = now()
        from ${schema}.notification n
       where n.broadcast_id = ${id}::uuid and d.notification_id = n.id and d.status = 'queued'`;
    return (await this.find(tx, id)) ?? undefined;
  }

  /** How many deliveries of it stand where. */
  async counts(tx: TenantTx, ids: readonly string[]): Promise<BroadcastCount[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<BroadcastCount[]>`
      select n.broadcast_id as "broadcastId", d.status, count(*)::int as count
        from ${schema}.notification n join ${schema}.notification_delivery d on d.notification_id = n.id
       where n.broadcast_id = any (${[...ids]}::uuid[]) and d.channel <> 'in-app'
       group by 1, 2`;
  }
}

export interface BroadcastCount {
  readonly broadcastId: string;
  readonly status: DeliveryStatus;
  readonly count: number;
}
