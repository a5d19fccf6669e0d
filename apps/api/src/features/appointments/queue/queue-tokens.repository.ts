import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { tokenMoves, tokenStatuses, type TokenStatus } from './queue-token.states.js';

const { sql, empty, raw } = TenantPrisma;

export interface QueueTokenRow {
  readonly id: string;
  readonly siteId: string;
  readonly serviceId: string;
  readonly day: string;
  readonly number: number;
  readonly patientId: string;
  readonly appointmentId: string | null;
  readonly status: TokenStatus;
  readonly calledAt: Date | null;
  readonly version: number;
  readonly createdAt: Date;
}

const columns = raw(`
  t.id, t.site_id as "siteId", t.service_id as "serviceId", t.service_day::text as day, t.number,
  t.patient_id as "patientId", t.appointment_id as "appointmentId", t.status, t.called_at as "calledAt", t.version,
  t.created_at as "createdAt"`);

/** The queue of a service at a site on one of its days. */
export interface Queue {
  readonly siteId: string;
  readonly serviceId: string;
  readonly day: string;
}

@Injectable()
export class QueueTokensRepository {
  /** The local day of the site at that time, and whether site and service are in use; undefined when they are not there. */
  async today(
    tx: TenantTx,
    { siteId, serviceId }: Omit<Queue, 'day'>,
    now: Date,
  ): Promise<{ readonly day: string; readonly isInUse: boolean } | undefined> {
    const schema = schemaSql(tx.hospital);
    const [row] = await tx.$queryRaw<{ day: string; isInUse: boolean }[]>`
      select (${now.toISOString()}::timestamptz at time zone s.tz)::date::text as day, s.active and t.active as "isInUse"
        from ${schema}.site s join ${schema}.service_type t on t.id = ${serviceId}::uuid
       where s.id = ${siteId}::uuid`;
    return row;
  }

  /** The next number of the queue. Whoever wants one meanwhile waits, so there are no gaps. */
  async nextNumber(tx: TenantTx, { siteId, serviceId, day }: Queue): Promise<number> {
    const [row] = await tx.$queryRaw<{ number: number }[]>`
      insert into ${schemaSql(tx.hospital)}.queue as q (site_id, service_id, service_day, last_number)
      values (${siteId}::uuid, ${serviceId}::uuid, ${day}::date, 1)
      on conflict (site_id, service_id, service_day) do update set last_number = q.last_number + 1
      returning q.last_number as number`;
    if (!row) throw new Error('an upsert answers its row');
    return row.number;
  }

  async insert(
    tx: TenantTx,
    token: Queue & { readonly number: number; readonly patientId: string; readonly appointmentId: string | null },
    by: string,
  ): Promise<QueueTokenRow> {
    const [row] = await tx.$queryRaw<QueueTokenRow[]>`
      insert into ${schemaSql(tx.hospital)}.queue_token as t
             (id, site_id, service_id, service_day, number, patient_id, appointment_id, created_by, updated_by)
      values (${uuidv7()}::uuid, ${token.siteId}::uuid, ${token.serviceId}::uuid, ${token.day}::date, ${token.number},
              ${token.patientId}::uuid, ${token.appointmentId}::uuid, ${by}::uuid, ${by}::uuid)
      returning ${columns}`;
    if (!row) throw new Error('an insert answers its row');
    return row;
  }

  /** By number. */
  list(
    tx: TenantTx,
    { siteId, serviceId, day, status }: Queue & { readonly status: TokenStatus | undefined },
    after: number | undefined,
    take: number,
  ): Promise<QueueTokenRow[]> {
    return tx.$queryRaw`
      select ${columns} from ${schemaSql(tx.hospital)}.queue_token t
       where t.site_id = ${siteId}::uuid and t.service_id = ${serviceId}::uuid and t.service_day = ${day}::date
             ${status === undefined ? empty : sql`and t.status = ${status}`}
             ${after === undefined ? empty : sql`and t.number > ${after}`}
       order by t.number limit ${take}`;
  }

  async find(tx: TenantTx, id: string): Promise<QueueTokenRow | undefined> {
    const [row] = await tx.$queryRaw<QueueTokenRow[]>`
      select ${columns} from ${schemaSql(tx.hospital)}.queue_token t where t.id = ${id}::uuid`;
    return row;
  }

  /** Undefined when it is in no state that may become this one. */
  async move(tx: TenantTx, id: string, to: TokenStatus, by: string): Promise<QueueTokenRow | undefined> {
    const from = tokenStatuses.filter((status) => tokenMoves[status].includes(to));
    const [row] = await tx.$queryRaw<QueueTokenRow[]>`
      update ${schemaSql(tx.hospital)}.queue_token t
         set status = ${to}, updated_by = ${by}::uuid,
             called_at = case when ${to} = 'called' then now() else t.called_at end
       where t.id = ${id}::uuid and t.status = any (${from})
      returning ${columns}`;
    return row;
  }

  /** Calls whoever has waited longest; two who call at once call two. Undefined when nobody waits. */
  async callNext(tx: TenantTx, { siteId, serviceId, day }: Queue, by: string): Promise<QueueTokenRow | undefined> {
    const schema = schemaSql(tx.hospital);
    const [row] = await tx.$queryRaw<QueueTokenRow[]>`
      update ${schema}.queue_token t set status = 'called', called_at = now(), updated_by = ${by}::uuid
       where t.id = (select w.id from ${schema}.queue_token w
                      where w.site_id = ${siteId}::uuid and w.service_id = ${serviceId}::uuid
                        and w.service_day = ${day}::date and w.status = 'waiting'
                      order by w.number limit 1 for update skip locked)
      returning ${columns}`;
    return row;
  }

  /** What became of the appointment becomes of its token. */
  async follow(tx: TenantTx, appointmentId: string, to: TokenStatus, by: string): Promise<QueueTokenRow | undefined> {
    const [row] = await tx.$queryRaw<{ id: string }[]>`
      select id from ${schemaSql(tx.hospital)}.queue_token where appointment_id = ${appointmentId}::uuid`;
    return row && this.move(tx, row.id, to, by);
  }
}
