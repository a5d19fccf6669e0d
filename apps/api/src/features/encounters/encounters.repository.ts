import { Injectable } from '@nestjs/common';
import { commonError, type EncounterClass, type EncounterStatus } from '@hms/contracts';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { presentFields, type Present } from '../../platform/http/patch.js';
import { encounterError } from './encounters.errors.js';

const columns = {
  id: true,
  patientId: true,
  visitId: true,
  appointmentId: true,
  class: true,
  status: true,
  responsibleId: true,
  chiefComplaint: true,
  acuity: true,
  disposition: true,
  statusReason: true,
  plannedFor: true,
  startedAt: true,
  endedAt: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const satisfies TenantPrisma.EncounterSelect;

export type EncounterRow = Omit<TenantPrisma.EncounterGetPayload<{ select: typeof columns }>, 'status'> & {
  readonly status: EncounterStatus;
};

export interface NewEncounter {
  readonly id: string;
  readonly patientId: string;
  readonly visitId: string;
  readonly appointmentId: string | null;
  readonly class: EncounterClass;
  readonly status: EncounterStatus;
  readonly responsibleId: string | null;
  readonly chiefComplaint: string | null;
  readonly plannedFor: Date | null;
  readonly startedAt: Date | null;
}

export interface NewVisit {
  readonly id: string;
  readonly patientId: string;
  readonly siteId: string | null;
  readonly openedAt: Date;
}

export type EncounterColumns = Pick<EncounterRow, 'responsibleId' | 'chiefComplaint' | 'acuity'> &
  Pick<EncounterRow, 'status' | 'disposition' | 'statusReason' | 'startedAt' | 'endedAt'>;

/** The version a caller read, and who is changing it. */
export interface EncounterChange {
  readonly id: string;
  readonly version: number;
  readonly by: string;
}

export interface EncounterFilter {
  readonly patientId?: string | undefined;
  readonly status?: string | undefined;
  readonly class?: string | undefined;
  readonly responsibleId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

@Injectable()
export class EncountersRepository {
  /** @throws `request.invalid` for a site that does not exist */
  async insertVisit(tx: TenantTx, visit: NewVisit, by: string): Promise<void> {
    await tx.visit.create({ data: { ...visit, createdBy: by } }).catch(translate);
  }

  /**
   * @throws `encounter.appointment-used`, or `request.invalid` when there is no such visit of
   * the patient, or no such appointment
   */
  async insert(tx: TenantTx, encounter: NewEncounter, by: string): Promise<EncounterRow> {
    const data = { ...encounter, createdBy: by, updatedBy: by };
    return asRow(await tx.encounter.create({ data, select: columns }).catch(translate));
  }

  /** The latest that was written down first. */
  async list(
    tx: TenantTx,
    { from, to, ...filter }: EncounterFilter,
    before: string | undefined,
    take: number,
  ): Promise<EncounterRow[]> {
    const within = { ...(from === undefined ? {} : { gte: from }), ...(to === undefined ? {} : { lt: to }) };
    const isTimed = from !== undefined || to !== undefined;
    const where = {
      ...presentFields({ ...filter }),
      ...(before === undefined ? {} : { id: { lt: before } }),
      ...(isTimed ? { OR: [{ startedAt: within }, { startedAt: null, plannedFor: within }] } : {}),
    };
    const rows = await tx.encounter.findMany({ where, select: columns, orderBy: { id: 'desc' }, take });
    return rows.map(asRow);
  }

  async find(tx: TenantTx, patientId: string, id: string): Promise<EncounterRow | undefined> {
    const row = await tx.encounter.findFirst({ where: { id, patientId }, select: columns });
    return row ? asRow(row) : undefined;
  }

  /** Whether the appointment is of the patient, and one that is kept: it stays as it is until this transaction ends. */
  async keepsAppointment(tx: TenantTx, patientId: string, id: string): Promise<boolean> {
    const rows = await tx.$queryRaw<object[]>`
      select from ${schemaSql(tx.hospital)}.appointment
       where id = ${id}::uuid and patient_id = ${patientId}::uuid
         and status in ('booked', 'confirmed', 'checked_in', 'in_progress', 'completed') for share`;
    return rows.length > 0;
  }

  /**
   * Undefined when it is no longer at that version.
   * @throws `encounter.illegal-move`, `encounter.undiagnosed` or `encounter.unsigned`
   */
  async update(
    tx: TenantTx,
    { id, version, by }: EncounterChange,
    values: Present<EncounterColumns>,
  ): Promise<EncounterRow | undefined> {
    const data = { ...values, updatedBy: by };
    const [row] = await tx.encounter
      .updateManyAndReturn({ where: { id, version }, data, select: columns })
      .catch(translate);
    return row && asRow(row);
  }

  /** Makes a change that is not its own a new version of it. */
  async touch(tx: TenantTx, id: string, by: string): Promise<EncounterRow> {
    await tx.$executeRaw`
      update ${schemaSql(tx.hospital)}.encounter set updated_by = ${by}::uuid where id = ${id}::uuid`;
    return asRow(await tx.encounter.findUniqueOrThrow({ where: { id }, select: columns }));
  }
}

/** The database takes no other status. */
const asRow = (row: TenantPrisma.EncounterGetPayload<{ select: typeof columns }>): EncounterRow => row as EncounterRow;

const missing = (field: string, cause: unknown): Error =>
  commonError('request.invalid', {
    errors: [{ field, code: 'not-found', message: `${field} names nothing of this patient and hospital` }],
    cause,
  });

function translate(err: unknown): never {
  switch (constraintOf(err)) {
    case 'encounter_appointment_id_key':
      throw encounterError('encounter.appointment-used', { cause: err });
    case 'encounter_move':
      throw encounterError('encounter.illegal-move', { cause: err });
    case 'encounter_undiagnosed':
      throw encounterError('encounter.undiagnosed', { cause: err });
    case 'encounter_unsigned':
      throw encounterError('encounter.unsigned', { cause: err });
    case 'encounter_patient_id_visit_id_fkey':
      throw missing('visitId', err);
    case 'visit_site_id_fkey':
      throw missing('siteId', err);
    default:
      throw err;
  }
}
