import { Injectable } from '@nestjs/common';
import { admissionMoves, admissionStates, type AdmissionState } from '@hms/contracts';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { patientError } from '../../patients/patients.errors.js';
import { inpatientError } from '../inpatient.errors.js';

const { sql, empty, raw } = TenantPrisma;

export interface AdmissionRow {
  readonly id: string;
  readonly patientId: string;
  readonly encounterId: string;
  readonly state: AdmissionState;
  readonly wardId: string;
  readonly source: string;
  readonly urgency: string;
  readonly bedClass: string | null;
  readonly reason: string;
  readonly attendingId: string | null;
  readonly expectedDischarge: string | null;
  readonly statusReason: string | null;
  readonly requestedAt: Date;
  readonly admittedAt: Date | null;
  readonly leftAt: Date | null;
  readonly version: number;
  /** Where the patient lies, and since when. */
  readonly bedId: string | null;
  readonly inBedSince: Date | null;
  readonly reservedBedId: string | null;
  readonly transferId: string | null;
  readonly transferWardId: string | null;
  readonly transferBedClass: string | null;
  readonly transferReason: string | null;
  readonly transferRequestedAt: Date | null;
}

const columns = raw(`
  a.id, a.patient_id as "patientId", a.encounter_id as "encounterId", a.state, a.ward_id as "wardId", a.source, a.urgency,
  a.bed_class as "bedClass", a.reason, a.attending_id as "attendingId",
  to_char(a.expected_discharge, 'YYYY-MM-DD') as "expectedDischarge", a.status_reason as "statusReason",
  a.requested_at as "requestedAt", a.admitted_at as "admittedAt", a.left_at as "leftAt", a.version,
  s.bed_id as "bedId", lower(s.during) as "inBedSince", r.id as "reservedBedId", t.id as "transferId",
  t.to_ward_id as "transferWardId", t.bed_class as "transferBedClass", t.reason as "transferReason",
  t.requested_at as "transferRequestedAt"`);

export interface AdmissionFilter {
  readonly wardId?: string | undefined;
  readonly patientId?: string | undefined;
  readonly state?: AdmissionState | undefined;
  readonly open?: boolean | undefined;
}

export interface NewAdmission {
  readonly id: string;
  readonly patientId: string;
  readonly encounterId: string;
  readonly wardId: string;
  readonly source: string;
  readonly urgency: string;
  readonly bedClass: string | null;
  readonly reason: string;
  readonly attendingId: string | null;
  readonly expectedDischarge: Date | null;
  readonly requestedAt: Date;
}

export interface AdmissionMove {
  readonly to: AdmissionState;
  readonly by: string;
  readonly reason?: string | undefined;
  readonly wardId?: string;
  readonly admittedAt?: Date;
  readonly leftAt?: Date;
}

@Injectable()
export class AdmissionsRepository {
  /** Newest first. Those limited to wards see what is on these, or asked of them. */
  list(
    tx: TenantTx,
    filter: AdmissionFilter,
    page: {
      readonly within: readonly string[] | undefined;
      readonly before: string | undefined;
      readonly take: number;
    },
  ): Promise<AdmissionRow[]> {
    return tx.$queryRaw<AdmissionRow[]>`
      select ${columns} ${from(tx)}
       where true ${matching(filter)} ${onWards(page.within)}
             ${page.before === undefined ? empty : sql`and a.id < ${page.before}::uuid`}
       order by a.id desc limit ${page.take}`;
  }

  async find(tx: TenantTx, id: string, within?: readonly string[]): Promise<AdmissionRow | undefined> {
    const [row] = await tx.$queryRaw<AdmissionRow[]>`
      select ${columns} ${from(tx)} where a.id = ${id}::uuid ${onWards(within)}`;
    return row;
  }

  /** Until the transaction ends nothing of it changes. */
  async lock(tx: TenantTx, id: string): Promise<AdmissionRow | undefined> {
    const schema = schemaSql(tx.hospital);
    // Read in a statement of its own: this one sees what was before it waited.
    await tx.$queryRaw`select from ${schema}.admission where id = ${id}::uuid for no key update`;
    return this.find(tx, id);
  }

  /** @throws `admission.patient-has-one` or `patient.not-found` */
  async insert(tx: TenantTx, admission: NewAdmission, by: string): Promise<void> {
    const data = { ...admission, state: 'requested', createdBy: by, updatedBy: by };
    await tx.admission.create({ data, select: { id: true } }).catch((err: unknown) => {
      if (constraintOf(err) === 'admission_patient') throw patientError('patient.not-found', { cause: err });
      if (constraintOf(err) === 'admission_open') throw inpatientError('admission.patient-has-one', { cause: err });
      throw err;
    });
  }

  /** False when it is in no state that may become this one. */
  async move(tx: TenantTx, id: string, { to, by, reason, ...set }: AdmissionMove): Promise<boolean> {
    const states = admissionStates.filter((state) => admissionMoves[state].includes(to));
    const { count } = await tx.admission.updateMany({
      where: { id, state: { in: states } },
      data: { ...set, state: to, statusReason: reason ?? null, updatedBy: by },
    });
    return count === 1;
  }

  /** False when it is not of that version any more. */
  async change(
    tx: TenantTx,
    { id, version }: { readonly id: string; readonly version: number },
    change: {
      readonly attendingId?: string | null;
      readonly expectedDischarge?: Date | null;
      readonly wardId?: string;
    },
    by: string,
  ): Promise<boolean> {
    const { count } = await tx.admission.updateMany({ where: { id, version }, data: { ...change, updatedBy: by } });
    return count === 1;
  }

  /** @throws `transfer-request.open` */
  async requestTransfer(
    tx: TenantTx,
    request: {
      readonly id: string;
      readonly admissionId: string;
      readonly toWardId: string;
      readonly bedClass: string | null;
      readonly reason: string;
      readonly requestedAt: Date;
      readonly createdBy: string;
    },
  ): Promise<void> {
    await tx.transferRequest.create({ data: request, select: { id: true } }).catch((err: unknown) => {
      if (constraintOf(err) === 'transfer_request_open') throw inpatientError('transfer-request.open', { cause: err });
      throw err;
    });
  }

  async closeTransfer(
    tx: TenantTx,
    id: string,
    close: {
      readonly status: 'completed' | 'cancelled';
      readonly closedAt: Date;
      readonly closedBy: string;
      readonly closeReason?: string;
    },
  ): Promise<void> {
    await tx.transferRequest.updateMany({ where: { id, status: 'requested' }, data: close });
  }
}

const from = (tx: TenantTx): TenantPrisma.Sql => {
  const schema = schemaSql(tx.hospital);
  return sql`
    from ${schema}.admission a
    left join ${schema}.bed_assignment s on s.encounter_id = a.encounter_id and upper_inf(s.during)
    left join ${schema}.bed r on r.reserved_for = a.id
    left join ${schema}.transfer_request t on t.admission_id = a.id and t.status = 'requested'`;
};

const onWards = (wardIds: readonly string[] | undefined): TenantPrisma.Sql =>
  wardIds === undefined
    ? empty
    : sql`and (a.ward_id = any (${[...wardIds]}::uuid[]) or t.to_ward_id = any (${[...wardIds]}::uuid[]))`;

const over = sql`('discharged', 'cancelled', 'absconded', 'deceased', 'left_against_advice')`;

function matching({ wardId, patientId, state, open }: AdmissionFilter): TenantPrisma.Sql {
  return sql`
    ${wardId === undefined ? empty : sql`and a.ward_id = ${wardId}::uuid`}
    ${patientId === undefined ? empty : sql`and a.patient_id = ${patientId}::uuid`}
    ${state === undefined ? empty : sql`and a.state = ${state}`}
    ${open === undefined ? empty : open ? sql`and a.state not in ${over}` : sql`and a.state in ${over}`}`;
}
