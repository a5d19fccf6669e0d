import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import type { FieldCipher } from '@hms/encryption';
import type { HospitalActor } from '../../platform/access/actor.js';
import { Encryption } from '../../platform/encryption/encryption.service.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage, type Page, type PageQueryDto } from '../../platform/http/page.js';
import { UserDirectory } from '../users/user-directory.service.js';
import { seesClinicalFields, seesDeleted } from './clinical-fields.policy.js';
import type { HistoryEntryDto } from './patient-history.dto.js';
import { openIdentifier } from './identifier-seal.js';
import { hiddenColumns, namedChanges, namedEntity, shownEntities } from './patient-history.policy.js';
import { PatientHistoryRepository, type HistoryRow } from './patient-history.repository.js';
import { patientError } from './patients.errors.js';
import { PatientsRepository } from './patients.repository.js';

@Injectable()
export class PatientHistoryService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly encryption: Encryption,
    private readonly patients: PatientsRepository,
    private readonly history: PatientHistoryRepository,
    private readonly users: UserDirectory,
  ) {}

  /**
   * The newest change first, without what the actor may not see of the record.
   * @throws `patient.not-found`, `service.unavailable` while the keys of identifiers are out of reach
   */
  async list(actor: HospitalActor, id: string, { cursor, limit }: PageQueryDto): Promise<Page<HistoryEntryDto>> {
    const position = {
      hidden: hiddenColumns(seesClinicalFields(actor, id)),
      entities: shownEntities(actor),
      before: cursor === undefined ? undefined : decodeKeys(cursor, { id: 'integer' }).id,
      take: limit + 1,
    };
    const cipher = await this.encryption.forHospital(actor.hospital);
    const rows = await this.database.readInHospital(actor.hospital, async (tx) => {
      if (!(await this.patients.find(tx, id, seesDeleted(actor)))) throw patientError('patient.not-found');
      return this.history.list(tx, id, position);
    });
    const names = await this.users.displayNames(rows.map((row) => row.actorId));
    return toPage(
      rows,
      limit,
      (row) => toHistoryEntry(row, names, cipher),
      (row) => [Number(row.id)],
    );
  }
}

const toHistoryEntry = (row: HistoryRow, names: ReadonlyMap<string, string>, cipher: FieldCipher): HistoryEntryDto => ({
  entity: namedEntity(row.entity),
  entityId: row.entityId,
  version: row.version,
  action: row.action,
  at: row.at.toISOString(),
  actor: { id: row.actorId, displayName: names.get(row.actorId) ?? null },
  changes: { ...namedChanges(row.changes), ...identifierValue(row, cipher) },
});

function identifierValue({ entityId, valueSealed }: HistoryRow, cipher: FieldCipher): HistoryEntryDto['changes'] {
  if (valueSealed === null) return {};
  const { value } = openIdentifier(cipher, { id: entityId, system: '', valueSealed });
  return { value: { from: null, to: value } };
}
