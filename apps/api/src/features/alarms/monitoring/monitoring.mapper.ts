import type { Score } from '@hms/clinical-rules';
import type { MonitoringDto, QsofaDto, ScoreDto } from './monitoring.dto.js';
import { byDefault, scoreChoices, scoreProfiles, spo2Scales } from './monitoring.policy.js';
import type { MonitoringRow, ScoreRow } from './monitoring.repository.js';
import { responseTo } from './score-response.policy.js';

/** A constraint of the database keeps the values to these. */
function oneOf<T>(known: readonly T[], value: unknown): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new Error('the database holds a value this release does not know');
  return found;
}

export const toMonitoringDto = (patientId: string, row: MonitoringRow | null): MonitoringDto =>
  row
    ? {
        patientId,
        spo2Scale: oneOf(spo2Scales, row.spo2Scale),
        score: oneOf(scoreChoices, row.score),
        reason: row.reason,
        version: row.version,
        updatedBy: row.updatedBy,
        updatedAt: row.updatedAt.toISOString(),
      }
    : { patientId, ...byDefault, version: 0, updatedBy: null, updatedAt: null };

export function toScoreDto(row: ScoreRow): ScoreDto {
  const profile = oneOf(scoreProfiles, row.profile);
  return {
    patientId: row.patientId,
    profile,
    profileVersion: row.profileVersion,
    computedFor: row.computedFor.toISOString(),
    computedAt: row.computedAt.toISOString(),
    total: row.total,
    partial: row.partial,
    band: row.band,
    response: responseTo(profile, row.band),
    inputs: row.inputs,
    missing: row.missing,
    retrospective: row.retrospective,
  };
}

export const toQsofaDto = ({ total, partial, band, missing }: Score): QsofaDto => ({
  total,
  partial,
  band,
  missing: [...missing],
});
