import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { noteError } from './notes.errors.js';

const columns = {
  id: true,
  patientId: true,
  parentId: true,
  relation: true,
  encounterId: true,
  kind: true,
  text: true,
  recordedAt: true,
  clockSuspect: true,
  signedAt: true,
  signedBy: true,
  status: true,
  statusReason: true,
  version: true,
  createdBy: true,
  createdAt: true,
  updatedAt: true,
} as const satisfies TenantPrisma.NoteSelect;

export type NoteRow = TenantPrisma.NoteGetPayload<{ select: typeof columns }>;

export interface NewNote {
  readonly id: string;
  readonly patientId: string;
  readonly parentId: string | null;
  readonly relation: string;
  readonly encounterId: string | null;
  readonly kind: string;
  readonly text: string;
  readonly recordedAt: Date;
}

export interface NoteFilter {
  readonly patientId: string;
  readonly kind?: string | undefined;
  readonly authorId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export interface NoteKey {
  readonly micros: number;
  readonly id: string;
}

const { sql, empty, raw } = TenantPrisma;
/** The same columns of `note n`, for raw SQL. */
const selected = raw(`
  n.id, n.patient_id as "patientId", n.parent_id as "parentId", n.relation, n.encounter_id as "encounterId", n.kind, n.text,
  n.recorded_at as "recordedAt", n.clock_suspect as "clockSuspect", n.signed_at as "signedAt", n.signed_by as "signedBy",
  n.status, n.status_reason as "statusReason", n.version, n.created_by as "createdBy", n.created_at as "createdAt",
  n.updated_at as "updatedAt"`);

@Injectable()
export class NotesRepository {
  /**
   * Waits for whoever signs the note it follows.
   * @throws `note.signed` for a revision of a signed note, `note.unsigned` for an addendum to one that is not,
   * `request.invalid` when there is no such note of this patient
   */
  insert(tx: TenantTx, note: NewNote, by: string): Promise<NoteRow> {
    const data = { ...note, createdBy: by, updatedBy: by };
    return tx.note.create({ data, select: columns }).catch(translate);
  }

  /** Newest first. */
  list(
    tx: TenantTx,
    { patientId, kind, authorId, from, to }: NoteFilter,
    before: NoteKey | undefined,
    take: number,
  ): Promise<(NoteRow & { readonly micros: bigint })[]> {
    return tx.$queryRaw`
      select ${selected}, (extract(epoch from n.recorded_at) * 1000000)::bigint as micros
        from ${schemaSql(tx.hospital)}.note n
       where n.patient_id = ${patientId}::uuid
             ${kind === undefined ? empty : sql`and n.kind = ${kind}`}
             ${authorId === undefined ? empty : sql`and n.created_by = ${authorId}::uuid`}
             ${from === undefined ? empty : sql`and n.recorded_at >= ${from.toISOString()}::timestamptz`}
             ${to === undefined ? empty : sql`and n.recorded_at < ${to.toISOString()}::timestamptz`}
             ${before === undefined ? empty : olderThan(before)}
       order by n.recorded_at desc, n.id desc limit ${take}`;
  }

  find(tx: TenantTx, patientId: string, id: string): Promise<NoteRow | null> {
    return tx.note.findFirst({ where: { id, patientId }, select: columns });
  }

  /** What follows the note, directly or not, in the order it was written. */
  listFollowing(tx: TenantTx, id: string): Promise<NoteRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<NoteRow[]>`
      with recursive following as (
        select c.id from ${schema}.note c where c.parent_id = ${id}::uuid
        union
        select c.id from ${schema}.note c join following f on c.parent_id = f.id)
      select ${selected} from ${schema}.note n join following using (id) order by n.recorded_at, n.id`;
  }

  /** Undefined when it is signed or called an error. */
  async sign(tx: TenantTx, id: string, by: string, now: Date): Promise<NoteRow | undefined> {
    const where = { id, signedAt: null, status: 'current' };
    const data = { signedAt: now, signedBy: by, updatedBy: by };
    const [signed] = await tx.note.updateManyAndReturn({ where, data, select: columns }).catch(translate);
    return signed;
  }

  /** Undefined when it was called an error before. */
  async void(tx: TenantTx, id: string, by: string, reason: string): Promise<NoteRow | undefined> {
    const where = { id, status: 'current' };
    const data = { status: 'entered-in-error', statusReason: reason, updatedBy: by };
    const [voided] = await tx.note.updateManyAndReturn({ where, data, select: columns }).catch(translate);
    return voided;
  }
}

const olderThan = ({ micros, id }: NoteKey): TenantPrisma.Sql => sql`
  and (n.recorded_at, n.id) < (timestamptz 'epoch' + ${micros}::bigint * interval '1 microsecond', ${id}::uuid)`;

function translate(err: unknown): never {
  switch (constraintOf(err)) {
    case 'note_signed':
      throw noteError('note.signed', { cause: err });
    case 'note_unsigned':
      throw noteError('note.unsigned', { cause: err });
    case 'note_rewritten':
      throw noteError('note.rewritten', { cause: err });
    case 'note_patient_id_parent_id_fkey':
      throw commonError('request.invalid', {
        errors: [{ field: 'parentId', code: 'not-found', message: 'this patient has no such note' }],
        cause: err,
      });
    case 'note_encounter':
      throw commonError('request.invalid', {
        errors: [{ field: 'encounterId', code: 'not-found', message: 'this patient has no such encounter' }],
        cause: err,
      });
    default:
      throw err;
  }
}
