import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage } from '../../../platform/http/page.js';
import { SyncNames, type NamesOfSync } from '../sync-names.service.js';
import { syncInboxError } from '../sync.errors.js';
import type {
  QuarantinedDetailDto,
  QuarantinedDto,
  QuarantinePageDto,
  QuarantineQueryDto,
  ReviewQuarantineDto,
} from './quarantine.dto.js';
import { QuarantineRepository, type QuarantineRow } from './quarantine.repository.js';

/** Changes of devices that were refused for good. They are kept whole until somebody has looked at them, and after. */
@Injectable()
export class QuarantineService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly quarantine: QuarantineRepository,
    private readonly names: SyncNames,
  ) {}

  /** Newest first. */
  async list(actor: HospitalActor, query: QuarantineQueryDto): Promise<QuarantinePageDto> {
    const { limit, cursor, state, userId, code } = query;
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    const rows = await this.database.readInHospital(actor.hospital, (tx) =>
      this.quarantine.list(tx, { state, userId, code }, before, limit + 1),
    );
    const names = await this.names.of(actor, rows.map(mentions));
    return toPage(
      rows,
      limit,
      (row) => toQuarantinedDto(row, names),
      ({ id }) => [id],
    );
  }

  /**
   * The change as it was sent.
   * @param userId whose it must be; undefined: anybody's
   * @throws `sync-quarantine.not-found`
   */
  async get(actor: HospitalActor, userId: string | undefined, id: string): Promise<QuarantinedDetailDto> {
    const row = await this.database.readInHospital(actor.hospital, (tx) => this.quarantine.find(tx, id));
    if (!row || (userId !== undefined && row.userId !== userId)) throw syncInboxError('sync-quarantine.not-found');
    return { ...toQuarantinedDto(row, await this.names.of(actor, [mentions(row)])), op: row.op };
  }

  /** Says what became of it, once. @throws `sync-quarantine.not-found` or `sync-quarantine.reviewed` */
  async review(actor: HospitalActor, id: string, { outcome, note }: ReviewQuarantineDto): Promise<QuarantinedDto> {
    const row = await this.unitOfWork.inHospital(actor, async (tx) => {
      if (!(await this.quarantine.find(tx, id))) throw syncInboxError('sync-quarantine.not-found');
      const reviewed = await this.quarantine.review(tx, id, { by: actor.userId, outcome, note, now: new Date() });
      if (!reviewed) throw syncInboxError('sync-quarantine.reviewed');
      return reviewed;
    });
    return toQuarantinedDto(row, await this.names.of(actor, [mentions(row)]));
  }
}

const mentions = ({ userId, reviewedBy, deviceId }: QuarantineRow) => ({
  users: reviewedBy === null ? [userId] : [userId, reviewedBy],
  devices: [deviceId],
});

const toQuarantinedDto = (row: QuarantineRow, names: NamesOfSync): QuarantinedDto => ({
  id: row.id,
  opId: row.opId,
  user: names.user(row.userId),
  device: names.device(row.deviceId),
  seq: Number(row.seq),
  entity: row.entity,
  rowId: row.rowId,
  patientId: row.patientId,
  code: row.code,
  reason: row.reason,
  createdAt: row.createdAt.toISOString(),
  outcome: row.outcome,
  outcomeNote: row.outcomeNote,
  reviewedAt: row.reviewedAt?.toISOString() ?? null,
  reviewedBy: row.reviewedBy === null ? null : names.user(row.reviewedBy),
});
