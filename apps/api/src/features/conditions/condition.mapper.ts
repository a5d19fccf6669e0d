import { presentFields, toDate, type Present } from '../../platform/http/patch.js';
import type { ConditionDto, CreateConditionDto, UpdateConditionDto } from './conditions.dto.js';
import type { ConditionColumns, ConditionRow } from './conditions.repository.js';

/** What a request says of a problem, as columns; what it does not mention stays out. */
export const toConditionColumns = (details: CreateConditionDto | UpdateConditionDto): Present<ConditionColumns> =>
  presentFields({
    clinicalStatus: details.clinicalStatus,
    verificationStatus: details.verificationStatus,
    severity: details.severity,
    onsetDate: toDate(details.onsetDate),
    abatementDate: toDate(details.abatementDate),
    statusReason: 'statusReason' in details ? details.statusReason : undefined,
    ...('code' in details ? { codeSystem: details.code?.system, code: details.code?.code } : {}),
  });

export const toConditionDto = (row: ConditionRow): ConditionDto => ({
  id: row.id,
  patientId: row.patientId,
  display: row.display,
  code: row.codeSystem !== null && row.code !== null ? { system: row.codeSystem, code: row.code } : null,
  clinicalStatus: row.clinicalStatus,
  verificationStatus: row.verificationStatus,
  severity: row.severity,
  onsetDate: dayOf(row.onsetDate),
  abatementDate: dayOf(row.abatementDate),
  statusReason: row.statusReason,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

const dayOf = (date: Date | null): string | null => date?.toISOString().slice(0, 10) ?? null;
