import { Injectable } from '@nestjs/common';
import { bedMoves, bedStatuses, commonError, type BedStatus } from '@hms/contracts';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { inpatientError } from '../inpatient.errors.js';

const { sql, empty, raw } = TenantPrisma;

export interface BedRow {
  readonly id: string;
  readonly wardId: string;
  readonly label: string;
  readonly active: boolean;
  readonly roomId: string | null;
  readonly roomName: string | null;
  readonly class: string;
  readonly features: string[];
  readonly status: BedStatus;
  readonly blockedReason: string | null;
  readonly version: number;
}

/** Columns of `bed b left join room r`. */
const columns = raw(`
  b.id, b.ward_id as "wardId", b.label, b.active, b.room_id as "roomId", r.name as "roomName", b.class, b.features,
  b.status, b.blocked_reason as "blockedReason", b.version`);

const roomColumns = { id: true, wardId: true, name: true } as const;

export interface BedFilter {
  /** Only of these wards; undefined means all. */
  readonly within?: readonly string[] | undefined;
  readonly wardId?: string | undefined;
  readonly status?: BedStatus | undefined;
  readonly class?: string | undefined;
}

export interface BedKey {
  readonly wardId: string;
  readonly label: string;
}

export interface BedChange {
  readonly roomId?: string | null;
  readonly class?: string;
  readonly features?: string[];
  readonly active?: boolean;
}

export interface BedMove {
  readonly to: BedStatus;
  readonly by: string;
  readonly reservedFor?: string;
  readonly reason?: string;
}

@Injectable()
export class BedsRepository {
  /** By ward and label. */
  list(tx: TenantTx, filter: BedFilter, after: BedKey | undefined, take: number): Promise<BedRow[]> {
    const schema = schemaSql(tx.hospital);
    const { within, wardId, status } = filter;
    return tx.$queryRaw<BedRow[]>`
      select ${columns} from ${schema}.bed b left join ${schema}.room r on r.id = b.room_id
       where true
             ${within === undefined ? empty : sql`and b.ward_id = any (${[...within]}::uuid[])`}
             ${wardId === undefined ? empty : sql`and b.ward_id = ${wardId}::uuid`}
             ${status === undefined ? empty : sql`and b.status = ${status}`}
             ${filter.class === undefined ? empty : sql`and b.class = ${filter.class}`}
             ${after === undefined ? empty : sql`and (b.ward_id, b.label) > (${after.wardId}::uuid, ${after.label})`}
       order by b.ward_id, b.label limit ${take}`;
  }

  /** Those of the ward that anybody may be put into, that class first. */
  listFree(tx: TenantTx, wardId: string, bedClass: string | null, take: number): Promise<BedRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<BedRow[]>`
      select ${columns} from ${schema}.bed b left join ${schema}.room r on r.id = b.room_id
       where b.ward_id = ${wardId}::uuid and b.status = 'available' and b.active
       order by (b.class = ${bedClass}) is not true, b.label limit ${take}`;
  }

  async find(tx: TenantTx, id: string): Promise<BedRow | undefined> {
    const schema = schemaSql(tx.hospital);
    const [bed] = await tx.$queryRaw<BedRow[]>`
      select ${columns} from ${schema}.bed b left join ${schema}.room r on r.id = b.room_id where b.id = ${id}::uuid`;
    return bed;
  }

  /** Always in one order, so that two who want each other's beds do not wait for each other. */
  async lock(tx: TenantTx, ids: readonly string[]): Promise<void> {
    await tx.$queryRaw`
      select from ${schemaSql(tx.hospital)}.bed where id = any (${[...ids]}::uuid[]) order by id for no key update`;
  }

  /** False when it is in no state that may become this one. */
  async move(tx: TenantTx, id: string, { to, by, reservedFor, reason }: BedMove): Promise<boolean> {
    const from = bedStatuses.filter((status) => bedMoves[status].includes(to));
    const { count } = await tx.bed.updateMany({
      where: { id, status: { in: from }, ...(to === 'reserved' ? { active: true } : {}) },
      data: { status: to, updatedBy: by, reservedFor: reservedFor ?? null, blockedReason: reason ?? null },
    });
    return count === 1;
  }

  /** Makes the bed available again that is kept for this admission. */
  async release(tx: TenantTx, admissionId: string, by: string): Promise<void> {
    await tx.bed.updateMany({
      where: { reservedFor: admissionId },
      data: { status: 'available', reservedFor: null, updatedBy: by },
    });
  }

  /** False when it is not of that version any more. @throws `bed.in-use` or `request.invalid` for the room */
  async change(tx: TenantTx, { id, version }: { id: string; version: number }, change: BedChange, by: string) {
    const { count } = await tx.bed
      .updateMany({ where: { id, version }, data: { ...change, updatedBy: by } })
      .catch(translate);
    return count === 1;
  }

  listRooms(tx: TenantTx, wardId: string, after: string | undefined, take: number) {
    const where = { wardId, ...(after === undefined ? {} : { name: { gt: after } }) };
    return tx.room.findMany({ where, select: roomColumns, orderBy: { name: 'asc' }, take });
  }

  /** @throws `room.name-taken` */
  insertRoom(tx: TenantTx, room: { readonly wardId: string; readonly name: string; readonly createdBy: string }) {
    return tx.room.create({ data: { id: uuidv7(), ...room }, select: roomColumns }).catch(translate);
  }
}

function translate(err: unknown): never {
  switch (constraintOf(err)) {
    case 'bed_in_use':
      throw inpatientError('bed.in-use', { cause: err });
    case 'bed_room':
      throw commonError('request.invalid', {
        errors: [{ field: 'roomId', code: 'not-found', message: 'the ward of the bed has no such room' }],
        cause: err,
      });
    case 'room_ward_id_name_key':
      throw inpatientError('room.name-taken', { cause: err });
    default:
      throw err;
  }
}
