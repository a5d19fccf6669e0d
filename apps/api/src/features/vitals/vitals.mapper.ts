import {
  acvpuLevels,
  readingFlag,
  vitalFromNumber,
  vitalSigns,
  type VitalCode,
  type VitalSign,
  type VitalsUpdate,
  type VitalValue,
} from '@hms/contracts';
import type {
  CodedVitalSummaryDto,
  LatestVitalDto,
  VitalsBucketDto,
  VitalsReadingDto,
  VitalSummaryDto,
  WardPatientVitalsDto,
} from './vitals.dto.js';
import type { BucketRow, LatestRow, ReadingRow, WardLatestRow } from './vitals.repository.js';

const signs = new Map(vitalSigns.map((sign) => [sign.code as string, sign]));
const isAcvpu = (value: unknown): value is (typeof acvpuLevels)[number] => acvpuLevels.some((level) => level === value);
const rounded = (value: number, places: number): number => Number(value.toFixed(places));

/** A column of `vitals` as the wire shows it; undefined when nothing was recorded. */
function valueOf({ kind }: Pick<VitalSign, 'kind'>, stored: unknown): VitalValue | undefined {
  if (typeof stored === 'number') return kind === 'decimal' ? rounded(stored, 1) : stored;
  if (typeof stored === 'boolean' || isAcvpu(stored)) return stored;
  return undefined;
}

export function toReadingDto(row: ReadingRow): VitalsReadingDto {
  const values: Partial<Record<VitalCode, VitalValue>> = {};
  for (const sign of vitalSigns) {
    const value = valueOf(sign, row[sign.code]);
    if (value !== undefined) values[sign.code] = value;
  }
  const flags = Object.entries(readingFlag).filter(([, bit]) => (row.flags & bit) !== 0);
  return { recordedAt: row.recordedAt.toISOString(), device: row.device, values, flags: flags.map(([name]) => name) };
}

export function toBucketDto(row: BucketRow): VitalsBucketDto {
  const values: Partial<Record<VitalCode, VitalSummaryDto | CodedVitalSummaryDto>> = {};
  for (const sign of vitalSigns) {
    const summary = summaryOf(sign, row);
    if (summary) values[sign.code] = summary;
  }
  return { from: row.start.toISOString(), values };
}

function summaryOf(sign: VitalSign, row: BucketRow): VitalSummaryDto | CodedVitalSummaryDto | undefined {
  const [min, avg, max, n] = ['min', 'avg', 'max', 'n'].map((part) => row[`${sign.code}:${part}`]);
  if (typeof n !== 'number' || n === 0) return undefined;
  const last = valueOf(sign, row[`${sign.code}:last`]);
  if (last !== undefined) return { last, n };
  if (typeof min !== 'number' || typeof avg !== 'number' || typeof max !== 'number') return undefined;
  return { min: rounded(min, 1), avg: rounded(avg, 2), max: rounded(max, 1), n };
}

/** In the order of the vital signs' catalogue. */
export function toLatestDtos(rows: readonly LatestRow[], now: Date): LatestVitalDto[] {
  const byCode = new Map(rows.map((row) => [row.code, row]));
  return vitalSigns.flatMap((sign: VitalSign & { code: VitalCode }) => {
    const row = byCode.get(sign.code);
    if (!row) return [];
    const age = Math.max(0, Math.floor((now.getTime() - row.recordedAt.getTime()) / 1_000));
    return {
      code: sign.code,
      display: sign.display,
      loinc: sign.loinc,
      value: vitalFromNumber(sign.code, row.value),
      unit: sign.unit ?? null,
      recordedAt: row.recordedAt.toISOString(),
      ageSeconds: age,
    };
  });
}

/** Gathers the rows of each patient, in the order the patients come. */
export function toWardPatientDtos(rows: readonly WardLatestRow[], now: Date): WardPatientVitalsDto[] {
  const patients = new Map<string, { first: WardLatestRow; values: LatestRow[] }>();
  for (const row of rows) {
    const patient = patients.get(row.patientId) ?? { first: row, values: [] };
    patients.set(row.patientId, patient);
    const { patientId, code, value, recordedAt } = row;
    if (code !== null && value !== null && recordedAt !== null) {
      patient.values.push({ patientId, code, value, recordedAt });
    }
  }
  return [...patients.values()].map(({ first: { patientId, mrn, name, bedLabel }, values }) => ({
    patientId,
    mrn,
    name,
    bedLabel,
    values: toLatestDtos(values, now),
  }));
}

/** Older than every position of the feed: whatever follows a snapshot is news. */
const beforeTheFeed = '0';

/** One update for each patient and time something of them was recorded last, in the order of the rows. */
export function toSnapshot(rows: readonly LatestRow[]): VitalsUpdate[] {
  const updates = new Map<string, VitalsUpdate & { values: Partial<Record<VitalCode, VitalValue>> }>();
  for (const { patientId, code, value, recordedAt } of rows) {
    const sign = signs.get(code);
    if (!sign) continue;
    const at = recordedAt.toISOString();
    const key = `${patientId} ${at}`;
    const update = updates.get(key) ?? { patientId, recordedAt: at, values: {}, position: beforeTheFeed };
    updates.set(key, update);
    update.values[sign.code] = vitalFromNumber(sign.code, value);
  }
  return [...updates.values()];
}
