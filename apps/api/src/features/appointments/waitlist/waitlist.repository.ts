import { Injectable } from '@nestjs/common';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { invalid } from '../appointment.policy.js';
import type { WaitlistStatus } from './waitlist.dto.js';

const { sql, empty, raw } = TenantPrisma;

export interface WaitlistRow {
  readonly id: string;
  readonly patientId: string;
  readonly serviceId: string;
  readonly providerId: string | null;
  readonly siteId: string | null;
  readonly from: Date;
  readonly to: Date;
  readonly status: WaitlistStatus;
  readonly appointmentId: string | null;
  readonly version: number;
  readonly createdAt: Date;
}

/** What became of an entry is what became of its appointment. */
const status = raw(`
  case when w.closed_at is not null then 'closed'
       when w.appointment_id is null then 'waiting'
       when a.status = 'held' then 'offered'
       when a.status in ('cancelled', 'entered_in_error') then 'closed'
       else 'booked' end`);
const columns = raw(`
  w.id, w.patient_id as "patientId", w.service_id as "serviceId", w.provider_id as "providerId", w.site_id as "siteId",
  lower(w.wanted) as "from", upper(w.wanted) as "to", w.appointment_id as "appointmentId", w.version,
  w.created_at as "createdAt"`);

export interface WaitlistFilter {
  readonly patientId?: string | null | undefined;
  readonly serviceId?: string | undefined;
  readonly providerId?: string | undefined;
  readonly status?: WaitlistStatus | undefined;
}

/** A time that came free. */
export interface Freed {
  readonly providerId: string;
  readonly serviceId: string;
  readonly siteId: string;
  readonly start: Date;
}

@Injectable()
export class WaitlistRepository {
  /** In the order they came. */
  list(tx: TenantTx, filter: WaitlistFilter, after: string | undefined, take: number): Promise<WaitlistRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw`
      select ${columns}, ${status} as status
        from ${schema}.waitlist_entry w left join ${schema}.appointment a on a.id = w.appointment_id
       where true
             ${filter.patientId === undefined ? empty : sql`and w.patient_id = ${filter.patientId}::uuid`}
             ${filter.serviceId === undefined ? empty : sql`and w.service_id = ${filter.serviceId}::uuid`}
             ${filter.providerId === undefined ? empty : sql`and w.provider_id = ${filter.providerId}::uuid`}
             ${filter.status === undefined ? empty : sql`and ${status} = ${filter.status}`}
             ${after === undefined ? empty : sql`and w.id > ${after}::uuid`}
       order by w.id limit ${take}`;
  }

  async find(tx: TenantTx, id: string, patientId: string | null | undefined): Promise<WaitlistRow | undefined> {
    const schema = schemaSql(tx.hospital);
    const [row] = await tx.$queryRaw<WaitlistRow[]>`
      select ${columns}, ${status} as status
        from ${schema}.waitlist_entry w left join ${schema}.appointment a on a.id = w.appointment_id
       where w.id = ${id}::uuid ${patientId === undefined ? empty : sql`and w.patient_id = ${patientId}::uuid`}`;
    return row;
  }

  /** @throws `request.invalid` for what is not there */
  async insert(
    tx: TenantTx,
    entry: Pick<WaitlistRow, 'patientId' | 'serviceId' | 'providerId' | 'siteId' | 'from' | 'to'>,
    by: string,
  ): Promise<WaitlistRow> {
    const [row] = await tx.$queryRaw<WaitlistRow[]>`
      insert into ${schemaSql(tx.hospital)}.waitlist_entry as w
             (id, patient_id, service_id, provider_id, site_id, wanted, created_by)
      values (${uuidv7()}::uuid, ${entry.patientId}::uuid, ${entry.serviceId}::uuid, ${entry.providerId}::uuid,
              ${entry.siteId}::uuid, tstzrange(${at(entry.from)}, ${at(entry.to)}), ${by}::uuid)
      returning ${columns}, 'waiting' as status`.catch(translate);
    if (!row) throw new Error('an insert answers its row');
    return row;
  }

  /** False when it is closed already. */
  async close(tx: TenantTx, id: string): Promise<boolean> {
    const closed = await tx.$executeRaw`
      update ${schemaSql(tx.hospital)}.waitlist_entry set closed_at = now() where id = ${id}::uuid and closed_at is null`;
    return closed > 0;
  }

  /**
   * Who of all but those has waited longest for such a time, those first who were offered none yet; kept until the transaction
   * ends.
   */
  async lockFirst(
    tx: TenantTx,
    { providerId, serviceId, siteId, start }: Freed,
    without: readonly string[],
  ): Promise<WaitlistRow | undefined> {
    const schema = schemaSql(tx.hospital);
    const [row] = await tx.$queryRaw<WaitlistRow[]>`
      select ${columns}, 'waiting' as status from ${schema}.waitlist_entry w
       where w.appointment_id is null and w.closed_at is null and w.service_id = ${serviceId}::uuid
             and (w.provider_id is null or w.provider_id = ${providerId}::uuid)
             and (w.site_id is null or w.site_id = ${siteId}::uuid)
             and w.wanted @> ${at(start)} and w.id <> all (${[...without]}::uuid[])
             and exists (select from ${schema}.patient p
                          where p.id = w.patient_id and p.deleted_at is null and p.deceased_at is null)
       order by w.offered_at nulls first, w.id limit 1 for no key update of w skip locked`;
    return row;
  }

  async offer(tx: TenantTx, id: string, appointmentId: string): Promise<number> {
    const [row] = await tx.$queryRaw<{ version: number }[]>`
      update ${schemaSql(tx.hospital)}.waitlist_entry set appointment_id = ${appointmentId}::uuid, offered_at = now()
       where id = ${id}::uuid returning version`;
    return row?.version ?? 0;
  }

  /** Does the work, or nothing of it when it fails, and leaves the transaction as it was. */
  async attempt<T>(tx: TenantTx, work: () => Promise<T>): Promise<T> {
    await tx.$executeRaw`savepoint attempt`;
    try {
      const result = await work();
      await tx.$executeRaw`release savepoint attempt`;
      return result;
    } catch (err) {
      await tx.$executeRaw`rollback to savepoint attempt`;
      throw err;
    }
  }
}

const at = (time: Date): TenantPrisma.Sql => sql`${time.toISOString()}::timestamptz`;

const references: Readonly<Record<string, string>> = {
  waitlist_entry_service_id_fkey: 'serviceId',
  waitlist_entry_provider_id_fkey: 'providerId',
  waitlist_entry_site_id_fkey: 'siteId',
};

function translate(err: unknown): never {
  const field = references[constraintOf(err) ?? ''];
  if (field !== undefined) throw invalid(field, `${field} names nothing that is there`);
  throw err;
}
