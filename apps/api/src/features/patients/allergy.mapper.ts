import { presentFields, toDate, type Present } from '../../platform/http/patch.js';
import type { AllergyDto, CreateAllergyDto, UpdateAllergyDto } from './allergies.dto.js';
import type { AllergyColumns, AllergyRow } from './allergies.repository.js';

/** What a request says of an allergy, as columns; what it does not mention stays out. */
export const toAllergyColumns = (details: CreateAllergyDto | UpdateAllergyDto): Present<AllergyColumns> =>
  presentFields({
    type: details.type,
    criticality: details.criticality,
    reactions: details.reactions,
    severity: details.severity,
    verificationStatus: details.verificationStatus,
    clinicalStatus: details.clinicalStatus,
    statusReason: 'statusReason' in details ? details.statusReason : undefined,
    onsetDate: toDate(details.onsetDate),
    ...('code' in details ? { codeSystem: details.code?.system, code: details.code?.code } : {}),
  });

export const toAllergyDto = (row: AllergyRow): AllergyDto => ({
  id: row.id,
  substance: row.substance,
  code: row.codeSystem !== null && row.code !== null ? { system: row.codeSystem, code: row.code } : null,
  type: row.type,
  category: row.category,
  criticality: row.criticality,
  reactions: row.reactions,
  severity: row.severity,
  verificationStatus: row.verificationStatus,
  clinicalStatus: row.clinicalStatus,
  statusReason: row.statusReason,
  onsetDate: row.onsetDate?.toISOString().slice(0, 10) ?? null,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
