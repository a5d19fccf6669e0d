import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage } from '../../../platform/http/page.js';
import { PatientsService } from '../../patients/patients.service.js';
import { WardsService } from '../../wards/wards.service.js';
import { SyncNames, type NamesOfSync } from '../sync-names.service.js';
import { syncInboxError } from '../sync.errors.js';
import { mayDecide, parseFields, readableEntities, visibleFields } from './conflict.policy.js';
import type { ConflictDto, ConflictPageDto, ConflictsQueryDto, ResolveConflictDto } from './conflicts.dto.js';
import { ConflictsRepository, type ConflictRow } from './conflicts.repository.js';
import { toPatientChange } from './patient-change.js';

/** Gives the record the values of the device, in the transaction of the resolution. */
type TakeOver = (tx: TenantTx) => Promise<unknown>;

/** Changes of devices that somebody has to look at, because the record had changed meanwhile. */
@Injectable()
export class ConflictsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly conflicts: ConflictsRepository,
    private readonly patients: PatientsService,
    private readonly wards: WardsService,
    private readonly names: SyncNames,
  ) {}

  /** The actor's own, or those of a ward the actor works on; newest first. @throws `ward.not-found` or `auth.forbidden` */
  async list(actor: HospitalActor, query: ConflictsQueryDto): Promise<ConflictPageDto> {
    const { limit, cursor, state, wardId, patientId, mine = false } = query;
    if (wardId !== undefined && !actor.permissions.has('patient:read')) throw commonError('auth.forbidden');
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    const userId = mine || wardId === undefined ? actor.userId : undefined;
    const filter = { state, entities: readableEntities(actor), userId, wardId, patientId };
    const rows = await this.database.readInHospital(actor.hospital, async (tx) => {
      if (wardId !== undefined) await this.wards.require(tx, actor, wardId);
      return this.conflicts.list(tx, filter, before, limit + 1);
    });
    const names = await this.names.of(actor, rows.map(mentions));
    return toPage(
      rows,
      limit,
      (row) => toConflictDto(actor, row, names),
      ({ id }) => [id],
    );
  }

  /**
   * Leaves the record as it is, or gives it the values of the device; once.
   * @throws `sync-conflict.not-found`, `sync-conflict.resolved`, `precondition.failed`; for `mine` also
   * `sync-conflict.make-anew`, `sync-conflict.changed-since`, and whatever a PATCH of the patient throws
   */
  async resolve(
    actor: HospitalActor,
    id: string,
    version: number,
    { resolution }: ResolveConflictDto,
  ): Promise<ConflictDto> {
    // What a conflict is about never changes, so that this may happen before the transaction.
    const seen = await this.database.readInHospital(actor.hospital, (tx) => this.conflicts.find(tx, id));
    const takeOver = resolution === 'mine' ? await this.#takeOver(actor, requireOpen(actor, seen)) : undefined;
    const row = await this.unitOfWork.inHospital(actor, async (tx) => {
      const conflict = requireOpen(actor, await this.conflicts.lock(tx, id));
      if (conflict.version !== version) throw commonError('precondition.failed');
      await takeOver?.(tx);
      const closing = { resolution, resolvedBy: actor.userId, resolvedAt: new Date() };
      return { ...conflict, ...closing, version: await this.conflicts.close(tx, id, closing) };
    });
    return toConflictDto(actor, row, await this.names.of(actor, [mentions(row)]));
  }

  async #takeOver(actor: HospitalActor, { entity, rowId, rowVersion, fields: stored }: ConflictRow): Promise<TakeOver> {
    if (entity !== 'patients') throw syncInboxError('sync-conflict.make-anew');
    if (!actor.permissions.has('patient:write')) throw commonError('auth.forbidden');
    const fields = parseFields(stored);
    const change = await this.patients.prepareUpdate(actor, rowId, await toPatientChange(fields));
    const names = fields.map(({ field }) => field);
    return async (tx) => {
      const { version, changed } = await this.patients.changedSince(tx, rowId, rowVersion, names);
      if (changed.length > 0) throw syncInboxError('sync-conflict.changed-since', { members: { fields: changed } });
      return change(tx, version);
    };
  }
}

/** @throws `sync-conflict.not-found` unless this actor may decide it, `sync-conflict.resolved` when somebody did */
function requireOpen(actor: HospitalActor, conflict: ConflictRow | undefined): ConflictRow {
  if (!conflict || !mayDecide(actor, conflict)) throw syncInboxError('sync-conflict.not-found');
  if (conflict.resolution !== null) throw syncInboxError('sync-conflict.resolved');
  return conflict;
}

const mentions = ({ userId, resolvedBy, deviceId }: ConflictRow) => ({
  users: resolvedBy === null ? [userId] : [userId, resolvedBy],
  devices: [deviceId],
});

const toConflictDto = (actor: HospitalActor, row: ConflictRow, names: NamesOfSync): ConflictDto => ({
  id: row.id,
  opId: row.opId,
  entity: row.entity,
  rowId: row.rowId,
  patientId: row.patientId,
  kind: row.kind,
  code: row.code,
  baseVersion: row.baseVersion,
  rowVersion: row.rowVersion,
  fields: visibleFields(actor, row, parseFields(row.fields)),
  author: names.user(row.userId),
  device: names.device(row.deviceId),
  clientAt: row.clientAt.toISOString(),
  skewMs: Number(row.skewMs),
  createdAt: row.createdAt.toISOString(),
  resolution: row.resolution,
  resolvedAt: row.resolvedAt?.toISOString() ?? null,
  resolvedBy: row.resolvedBy === null ? null : names.user(row.resolvedBy),
  version: row.version,
});
