import { Injectable } from '@nestjs/common';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { patientError } from '../patients/patients.errors.js';
import type { Period } from './assignment-period.policy.js';

export interface AssignmentRow extends Period {
  readonly id: string;
  readonly deviceId: string;
  readonly patientId: string;
  readonly wardId: string;
  readonly bedId: string | null;
}

export interface PatientDeviceRow extends AssignmentRow {
  readonly externalId: string;
  readonly kind: string;
}

export interface NewAssignment extends Period {
  readonly deviceId: string;
  readonly patientId: string;
  readonly wardId: string;
  readonly bedId: string | null;
  readonly createdBy: string;
}

/** What an insert came to: stored, or which part of it the database refused. */
export type InsertOutcome = { readonly id: string } | 'overlaps' | 'unknown-bed';

/** Columns of `device_assignment a`; a range has no place in Prisma. */
const assignmentColumns = TenantPrisma.raw(`
  a.id, a.device_id as "deviceId", a.patient_id as "patientId", a.ward_id as "wardId", a.bed_id as "bedId",
  lower(a.valid) as "from", upper(a.valid) as "until"`);

/** Only rows of these wards; undefined means all. */
const onWards = (wardIds: readonly string[] | undefined): TenantPrisma.Sql =>
  wardIds === undefined ? TenantPrisma.empty : TenantPrisma.sql`and a.ward_id = any(${[...wardIds]}::uuid[])`;

const rangeOf = ({ from, until }: Period): TenantPrisma.Sql =>
  TenantPrisma.sql`tstzrange(${from.toISOString()}::timestamptz, ${until?.toISOString() ?? null}::timestamptz)`;

@Injectable()
export class AssignmentsRepository {
  /** Newest first, which one device's assignments have no ties in; `before` is microseconds since 1970. */
  listOfDevice(
    tx: TenantTx,
    device: { readonly id: string; readonly wardIds: readonly string[] | undefined },
    before: number | undefined,
    take: number,
  ): Promise<(AssignmentRow & { readonly fromMicros: bigint })[]> {
    const earlier =
      before === undefined
        ? TenantPrisma.empty
        : TenantPrisma.sql`and lower(a.valid) < timestamptz 'epoch' + ${before}::bigint * interval '1 microsecond'`;
    return tx.$queryRaw`
      select ${assignmentColumns}, (extract(epoch from lower(a.valid)) * 1000000)::bigint as "fromMicros"
        from ${schemaSql(tx.hospital)}.device_assignment a
       where a.device_id = ${device.id}::uuid ${onWards(device.wardIds)} ${earlier}
       order by lower(a.valid) desc limit ${take}`;
  }

  /** What the patient wears now, by the devices' names. */
  listOfPatientNow(
    tx: TenantTx,
    patientId: string,
    wardIds: readonly string[] | undefined,
  ): Promise<PatientDeviceRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<PatientDeviceRow[]>`
      select ${assignmentColumns}, d.external_id as "externalId", d.kind
        from ${schema}.device_assignment a join ${schema}.device d on d.id = a.device_id
       where a.patient_id = ${patientId}::uuid and a.valid @> now() ${onWards(wardIds)}
       order by d.external_id`;
  }

  /** Locked until the transaction ends. */
  async lock(tx: TenantTx, deviceId: string, id: string): Promise<AssignmentRow | undefined> {
    const [row] = await tx.$queryRaw<AssignmentRow[]>`
      select ${assignmentColumns} from ${schemaSql(tx.hospital)}.device_assignment a
       where a.device_id = ${deviceId}::uuid and a.id = ${id}::uuid for no key update`;
    return row;
  }

  /** The earliest assignment of the device that touches the period. */
  async findOverlapping(tx: TenantTx, deviceId: string, period: Period): Promise<AssignmentRow | undefined> {
    const [row] = await tx.$queryRaw<AssignmentRow[]>`
      select ${assignmentColumns} from ${schemaSql(tx.hospital)}.device_assignment a
       where a.device_id = ${deviceId}::uuid and a.valid && ${rangeOf(period)}
       order by lower(a.valid) limit 1`;
    return row;
  }

  async insert(tx: TenantTx, assignment: NewAssignment): Promise<InsertOutcome> {
    const { deviceId, patientId, wardId, bedId, createdBy } = assignment;
    const id = uuidv7();
    try {
      await tx.$executeRaw`
        insert into ${schemaSql(tx.hospital)}.device_assignment
               (id, device_id, patient_id, ward_id, bed_id, valid, created_by)
        values (${id}::uuid, ${deviceId}::uuid, ${patientId}::uuid, ${wardId}::uuid, ${bedId}::uuid,
                ${rangeOf(assignment)}, ${createdBy}::uuid)`;
    } catch (err) {
      const refused = refusalOf(err);
      if (refused) return refused;
      throw err;
    }
    return { id };
  }

  /** Ends what the device is used for on those wards at that moment, unless it began at that very moment. */
  async endRunning(
    tx: TenantTx,
    device: { readonly id: string; readonly wardIds: readonly string[] | undefined },
    at: Date,
    by: string,
  ): Promise<AssignmentRow[]> {
    const end = at.toISOString();
    return tx.$queryRaw<AssignmentRow[]>`
      update ${schemaSql(tx.hospital)}.device_assignment a
         set valid = tstzrange(lower(valid), ${end}::timestamptz), ended_by = ${by}::uuid
       where device_id = ${device.id}::uuid and valid @> ${end}::timestamptz and lower(valid) < ${end}::timestamptz
             ${onWards(device.wardIds)}
      returning ${assignmentColumns}`;
  }

  /** The patient's assignments that have not ended at that moment. Until the transaction ends none is added or changed. */
  async lockUnended(tx: TenantTx, patientId: string, at: Date): Promise<AssignmentRow[]> {
    const schema = schemaSql(tx.hospital);
    await tx.$queryRaw`select from ${schema}.patient where id = ${patientId}::uuid for no key update`;
    return tx.$queryRaw<AssignmentRow[]>`
      select ${assignmentColumns} from ${schema}.device_assignment a
       where a.patient_id = ${patientId}::uuid
             and coalesce(upper(a.valid), 'infinity') > ${at.toISOString()}::timestamptz
       order by a.id for no key update`;
  }

  async end(tx: TenantTx, id: string, at: Date, by: string): Promise<void> {
    await tx.$executeRaw`
      update ${schemaSql(tx.hospital)}.device_assignment
         set valid = tstzrange(lower(valid), ${at.toISOString()}::timestamptz), ended_by = ${by}::uuid
       where id = ${id}::uuid`;
  }

  /** Whether the patient is there, kept so until the transaction ends. */
  async lockPatient(tx: TenantTx, id: string): Promise<boolean> {
    const rows = await tx.$queryRaw<unknown[]>`
      select id from ${schemaSql(tx.hospital)}.patient where id = ${id}::uuid and deleted_at is null for share`;
    return rows.length > 0;
  }

  /**
   * For somebody limited to wards, a patient is there while it wears a device on one of them and for a day afterwards,
   * so that a shift can finish what it began.
   * @throws `patient.not-found`
   */
  async requirePatient(tx: TenantTx, id: string, wardIds: readonly string[] | undefined): Promise<void> {
    const schema = schemaSql(tx.hospital);
    const visible =
      wardIds === undefined
        ? TenantPrisma.empty
        : TenantPrisma.sql`and exists (select from ${schema}.device_assignment a
                                        where a.patient_id = p.id and lower(a.valid) <= now()
                                              and coalesce(upper(a.valid), 'infinity') > now() - interval '1 day'
                                              ${onWards(wardIds)})`;
    const rows = await tx.$queryRaw<unknown[]>`
      select p.id from ${schema}.patient p where p.id = ${id}::uuid and p.deleted_at is null ${visible}`;
    if (rows.length === 0) throw patientError('patient.not-found');
  }
}

function refusalOf(err: unknown): 'overlaps' | 'unknown-bed' | undefined {
  switch (constraintOf(err)) {
    case 'device_assignment_no_overlap':
      return 'overlaps';
    case 'device_assignment_ward_id_bed_id_fkey':
      return 'unknown-bed';
    default:
      return undefined;
  }
}
