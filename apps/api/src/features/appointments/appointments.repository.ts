import { Injectable } from '@nestjs/common';
import { appointmentMoves, appointmentStatuses, type AppointmentStatus } from '@hms/contracts';
import { constraintOf, type HospitalCondition, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import type { Details } from './appointment.command.js';
import { appointmentError } from './appointments.errors.js';

const { sql, empty, raw } = TenantPrisma;

export interface AppointmentRow {
  readonly id: string;
  readonly patientId: string;
  readonly providerId: string;
  readonly serviceId: string;
  readonly siteId: string;
  readonly status: AppointmentStatus;
  readonly start: Date;
  readonly end: Date;
  readonly tz: string;
  readonly reason: string | null;
  readonly notes: string | null;
  readonly source: string;
  readonly contactPhone: string | null;
  readonly doctorName: string;
  readonly clinicName: string;
  readonly overbook: boolean;
  readonly overbookReason: string | null;
  readonly holdExpiresAt: Date | null;
  readonly rescheduleOf: string | null;
  readonly tokenNo: number | null;
  readonly cancelledAt: Date | null;
  readonly statusReason: string | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = raw(`
  a.id, a.patient_id as "patientId", a.provider_id as "providerId", a.service_id as "serviceId", a.site_id as "siteId",
  a.status, lower(a.during) as "start", upper(a.during) as "end", a.tz_at_booking as tz, a.reason, a.notes, a.source,
  a.contact_phone as "contactPhone", a.doctor_name as "doctorName", a.clinic_name as "clinicName", a.overbook,
  a.overbook_reason as "overbookReason", a.hold_expires_at as "holdExpiresAt", a.reschedule_of as "rescheduleOf",
  a.token_no as "tokenNo", a.cancelled_at as "cancelledAt", a.status_reason as "statusReason", a.version,
  a.created_at as "createdAt", a.updated_at as "updatedAt"`);

export type NewAppointment = Pick<
  AppointmentRow,
  | 'id'
  | 'patientId'
  | 'providerId'
  | 'serviceId'
  | 'siteId'
  | 'status'
  | 'start'
  | 'end'
  | 'tz'
  | 'reason'
  | 'notes'
  | 'source'
  | 'contactPhone'
  | 'doctorName'
  | 'clinicName'
  | 'overbookReason'
  | 'holdExpiresAt'
  | 'rescheduleOf'
>;

/** A resource to take, buffers included. */
export interface SeatRequest {
  readonly resourceId: string;
  readonly from: Date;
  readonly to: Date;
  readonly capacity: number;
}

/** What is to be placed; the seats in the order in which everybody takes them. */
export interface Placement {
  readonly row: NewAppointment;
  readonly seats: readonly SeatRequest[];
  /** Null: the platform itself. */
  readonly by: string | null;
}

export interface Placed {
  readonly expired: readonly AppointmentRow[];
  readonly appointment: AppointmentRow;
  /** Up to the first resource whose seats are all taken, of which there is null. */
  readonly seats: readonly (number | null)[];
}

export interface AppointmentFilter {
  /** Null: nobody's. */
  readonly patientId?: string | null | undefined;
  readonly providerId?: string | undefined;
  readonly serviceId?: string | undefined;
  readonly siteId?: string | undefined;
  readonly status?: AppointmentStatus | undefined;
  readonly from?: TimeBound | undefined;
  readonly to?: TimeBound | undefined;
  /** Whose days bounds are; that at booking when absent. */
  readonly tz?: string | undefined;
}

export type TimeBound = { readonly day: string } | { readonly instant: Date };

export interface AppointmentKey {
  readonly micros: number;
  readonly id: string;
}

/** Who makes what of an appointment; `by` is null for the platform itself. */
export interface Move {
  readonly to: AppointmentStatus;
  readonly by: string | null;
  readonly reason: string | null;
  /** Its number in the queue; absent: as it is. */
  readonly tokenNo?: number | null;
}

@Injectable()
export class AppointmentsRepository {
  /** By start. */
  list(
    tx: TenantTx,
    filter: AppointmentFilter,
    after: AppointmentKey | undefined,
    take: number,
  ): Promise<(AppointmentRow & { readonly micros: bigint })[]> {
    return tx.$queryRaw`
      select ${columns}, (extract(epoch from lower(a.during)) * 1000000)::bigint as micros
        from ${schemaSql(tx.hospital)}.appointment a
       where true ${matching(filter)} ${after === undefined ? empty : laterThan(after)}
       order by lower(a.during), a.id limit ${take}`;
  }

  /** Null when there is none, or when it is of another patient. */
  async find(tx: TenantTx, id: string, patientId: string | null | undefined): Promise<AppointmentRow | null> {
    const [row] = await tx.$queryRaw<AppointmentRow[]>`
      select ${columns} from ${schemaSql(tx.hospital)}.appointment a
       where a.id = ${id}::uuid ${ofPatient(patientId)}`;
    return row ?? null;
  }

  /** The same, kept as it is until the transaction ends. */
  async lock(tx: TenantTx, id: string, patientId: string | null | undefined): Promise<AppointmentRow | null> {
    const [row] = await tx.$queryRaw<AppointmentRow[]>`
      select ${columns} from ${schemaSql(tx.hospital)}.appointment a
       where a.id = ${id}::uuid ${ofPatient(patientId)} for no key update`;
    return row ?? null;
  }

  /**
   * Whether the patient is there: neither deleted nor dead until the transaction ends.
   * @throws `appointment.patient-deceased`
   */
  async lockPatient(tx: TenantTx, id: string): Promise<boolean> {
    const [patient] = await tx.$queryRaw<{ died: boolean }[]>`
      select deceased_at is not null as died from ${schemaSql(tx.hospital)}.patient
       where id = ${id}::uuid and deleted_at is null for share`;
    if (patient?.died) throw appointmentError('appointment.patient-deceased');
    return patient !== undefined;
  }

  /**
   * Puts an appointment into seats of its own, one a resource; none of a resource whose seats are all taken: then nothing of
   * the transaction may stay. Undefined when there is no such patient.
   * @throws `appointment.patient-busy` or `appointment.patient-deceased`
   */
  async place(tx: TenantTx, { row, seats, by }: Placement, now: Date): Promise<Placed | undefined> {
    const schema = schemaSql(tx.hospital);
    const rows = await tx.$queryRaw<(AppointmentRow & { readonly seats: Placed['seats'] | null })[]>`
      select p.seats, ${columns}
        from ${schema}.place_appointment(${JSON.stringify({ ...row, by })}::jsonb, ${JSON.stringify(seats)}::jsonb, ${at(now)}) p
             cross join lateral (select (p.appointment).*) a`.catch(translate);
    const appointment = rows.find(isPlaced);
    return appointment && { appointment, seats: appointment.seats, expired: rows.filter((each) => !isPlaced(each)) };
  }

  /** Holds that ended by then are gone, and their seats free. */
  sweepExpiredHolds(tx: TenantTx, now: Date, most: number): Promise<AppointmentRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<AppointmentRow[]>`
      delete from ${schema}.appointment a
       where a.id in (select h.id from ${schema}.appointment h
                       where h.status = 'held' and h.hold_expires_at <= ${at(now)}
                             and not ${raw(named(schema.sql))}
                       order by h.hold_expires_at limit ${most} for update skip locked)
      returning ${columns}`;
  }

  /** Undefined when it is in no state that may become this one, or held no longer. */
  async move(
    tx: TenantTx,
    id: string,
    { to, by, reason, tokenNo }: Move,
    now: Date,
  ): Promise<AppointmentRow | undefined> {
    const from = appointmentStatuses.filter((status) => appointmentMoves[status].includes(to));
    const [moved] = await tx.$queryRaw<AppointmentRow[]>`
      update ${schemaSql(tx.hospital)}.appointment a set status = ${to}, status_reason = ${reason}, updated_by = ${by}::uuid
             ${tokenNo === undefined ? empty : sql`, token_no = ${tokenNo}`}
       where a.id = ${id}::uuid and a.status = any (${from})
             and (a.hold_expires_at is null or ${to} <> 'booked' or a.hold_expires_at > ${at(now)})
      returning ${columns}`;
    return moved;
  }

  /** The rooms and devices it takes, beside its provider. */
  async listAlong(tx: TenantTx, id: string): Promise<string[]> {
    const schema = schemaSql(tx.hospital);
    const rows = await tx.$queryRaw<{ id: string }[]>`
      select r.id from ${schema}.appointment_resource s join ${schema}.resource r on r.id = s.resource_id
       where s.appointment_id = ${id}::uuid and r.kind in ('room', 'device') order by r.id`;
    return rows.map((row) => row.id);
  }

  /** Of an appointment that is locked. */
  async change(tx: TenantTx, id: string, details: Details, by: string): Promise<AppointmentRow> {
    const { reason, notes, contactPhone, doctorName, clinicName } = details;
    const [changed] = await tx.$queryRaw<AppointmentRow[]>`
      update ${schemaSql(tx.hospital)}.appointment a
         set updated_by = ${by}::uuid
             ${reason === undefined ? empty : sql`, reason = ${reason}`}
             ${notes === undefined ? empty : sql`, notes = ${notes}`}
             ${contactPhone === undefined ? empty : sql`, contact_phone = ${contactPhone}`}
             ${doctorName === undefined ? empty : sql`, doctor_name = ${doctorName}`}
             ${clinicName === undefined ? empty : sql`, clinic_name = ${clinicName}`}
       where a.id = ${id}::uuid
      returning ${columns}`;
    if (!changed) throw new Error('what is locked is there');
    return changed;
  }
}

const isPlaced = <T extends { readonly seats: Placed['seats'] | null }>(
  row: T,
): row is T & { readonly seats: Placed['seats'] } => row.seats !== null;

/** What an encounter names stays: one such hold would keep all that are deleted with it. */
const named = (schema: string): string => `exists (select from ${schema}.encounter e where e.appointment_id = h.id)`;

/** Where there are any to sweep. */
export const holdsExpired: HospitalCondition = (schema) => `exists (
  select from ${schema}.appointment h where h.status = 'held' and h.hold_expires_at <= now() and not ${named(schema)})`;

function matching({ patientId, providerId, serviceId, siteId, status, from, to, tz }: AppointmentFilter) {
  const zone = tz === undefined ? sql`a.tz_at_booking` : sql`${tz}`;
  const day = sql`(lower(a.during) at time zone ${zone})::date`;
  return sql`
    ${ofPatient(patientId)}
    ${providerId === undefined ? empty : sql`and a.provider_id = ${providerId}::uuid`}
    ${serviceId === undefined ? empty : sql`and a.service_id = ${serviceId}::uuid`}
    ${siteId === undefined ? empty : sql`and a.site_id = ${siteId}::uuid`}
    ${status === undefined ? empty : sql`and a.status = ${status}`}
    ${from === undefined ? empty : 'day' in from ? sql`and ${day} >= ${from.day}::date and lower(a.during) >= ${from.day}::date - interval '1 day'` : sql`and lower(a.during) >= ${at(from.instant)}`}
    ${to === undefined ? empty : 'day' in to ? sql`and ${day} <= ${to.day}::date and lower(a.during) < ${to.day}::date + interval '2 days'` : sql`and lower(a.during) < ${at(to.instant)}`}`;
}

const ofPatient = (patientId: string | null | undefined): TenantPrisma.Sql =>
  patientId === undefined ? empty : sql`and a.patient_id = ${patientId}::uuid`;

const laterThan = ({ micros, id }: AppointmentKey): TenantPrisma.Sql => sql`
  and (lower(a.during), a.id) > (timestamptz 'epoch' + ${micros}::bigint * interval '1 microsecond', ${id}::uuid)`;

const at = (time: Date): TenantPrisma.Sql => sql`${time.toISOString()}::timestamptz`;

function translate(err: unknown): never {
  const constraint = constraintOf(err);
  if (constraint === 'appointment_patient_no_overlap')
    throw appointmentError('appointment.patient-busy', { cause: err });
  if (constraint === 'appointment_patient_deceased')
    throw appointmentError('appointment.patient-deceased', { cause: err });
  throw err;
}
