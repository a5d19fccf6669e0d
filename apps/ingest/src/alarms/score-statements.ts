import { vitalToNumber, type VitalValue } from '@hms/contracts';
import { oldestInputMs, type Observation } from '@hms/clinical-rules';
import { fields } from '../telemetry/fields.js';
import type { FlushMark } from '../telemetry/store/copy-encoder.js';

export interface LastScore {
  readonly profile: string;
  readonly total: number | null;
  readonly partial: number;
  readonly band: string;
  readonly missing: readonly string[];
}

/** What the database is told of a score, as `record_scores` takes it. */
export interface ScoreEntry extends LastScore {
  readonly patient: string;
  /** Null when nobody knows where the patient is. */
  readonly ward: string | null;
  readonly version: string;
  /** Microseconds since 1970. */
  readonly at: number;
  readonly inputs: Readonly<Record<string, number>>;
  readonly points: Readonly<Record<string, number>>;
  readonly retrospective: boolean;
  readonly alarm: string | null;
  readonly changed: boolean;
}

export interface PatientRow {
  readonly id: string;
  readonly birth_date: string | null;
  readonly birth_date_precision: 'year' | 'month' | 'day';
  readonly setting: 'by-age' | 'news2' | 'bedside-pews' | 'off';
  readonly spo2_scale: 1 | 2;
  readonly ward_id: string | null;
  readonly observations: readonly (Observation & { readonly code: string })[] | null;
  readonly last: LastScore | null;
  readonly alarmed: boolean;
}

const list = (items: Iterable<string | number>): string => `'{${[...items].join(',')}}'`;
const millis = (time: string): string => `(extract(epoch from ${time}) * 1000)::float8`;

/** What devices measured and people charted lately, and all else a score depends on. */
export const selectPatients = (schema: string, ids: readonly string[], codes: readonly string[]): string => `
  select p.id, p.birth_date::text, p.birth_date_precision, coalesce(m.score, 'by-age') as setting,
         coalesce(m.spo2_scale, 1)::int as spo2_scale,
         (select a.ward_id from ${schema}.device_assignment a where a.patient_id = p.id
           order by lower(a.valid) desc limit 1) as ward_id,
         (select json_agg(json_build_object('code', o.code, 'value', o.value, 'at', ${millis('o.recorded_at')}))
            from (select code, value, recorded_at from ${schema}.vitals_latest
                   where patient_id = p.id and code = any (${list(codes)})
                  union all
                  (select distinct on (code) code, value, recorded_at from ${schema}.charted_observation
                    where patient_id = p.id and status = 'final'
                      and recorded_at > now() - interval '${oldestInputMs} milliseconds'
                    order by code, recorded_at desc)) as o) as observations,
         (select json_build_object('profile', s.profile, 'total', s.total, 'partial', s.partial, 'band', s.band,
                                   'missing', s.missing)
            from ${schema}.score_result s where s.patient_id = p.id and not s.retrospective
           order by s.computed_for desc limit 1) as last,
         exists (select from ${schema}.alarm a
                  where a.patient_id = p.id and a.kind = 'score' and a.state <> 'resolved') as alarmed
    from ${schema}.patient p left join ${schema}.patient_monitoring m on m.patient_id = p.id
   where p.id = any (${list(ids)}) and p.deceased_at is null and p.deleted_at is null`;

export interface DueRow {
  readonly patient_id: string;
  readonly requested_at: string;
}

/** Patients of whom somebody charted, voided or decided something. */
export const selectDue = (schema: string, limit: number): string =>
  `select patient_id, requested_at::text from ${schema}.score_due order by requested_at limit ${limit}`;

/** Keeps scores; returns the patients with an open alarm of one. The entries hold numbers and words of ours alone. */
export const recordScores = (schema: string, entries: readonly ScoreEntry[]): string =>
  `select ${schema}.record_scores('${JSON.stringify(entries)}') as patient_id`;

export const settleDue = (schema: string, due: readonly DueRow[]): string => {
  const pairs = due.map(({ patient_id, requested_at }) => `('${patient_id}'::uuid, '${requested_at}'::timestamptz)`);
  return `delete from ${schema}.score_due where (patient_id, requested_at) in (${pairs.join(', ')})`;
};

export const markEvaluated = (schema: string, flushes: readonly FlushMark[]): string => {
  const marks = flushes.map(({ writer, flushNo }) => `(${writer}, ${flushNo})`);
  return `update ${schema}.telemetry_flush set evaluated = true where not evaluated and (writer, flush_no) in (${marks.join(', ')})`;
};

const columns = fields.map(({ column }) => column);
const measured = `v.patient_id, (extract(epoch from v.recorded_at) * 1000000)::float8 as at, ${columns.join(', ')}`;

export interface MeasuredRow extends Readonly<Record<string, string | number | boolean | null>> {
  readonly patient_id: string;
  /** Microseconds since 1970. */
  readonly at: number;
}

/** One number per field, NaN when not measured. */
export const valuesOf = (row: MeasuredRow): number[] =>
  columns.map((column) => {
    const value = row[column];
    return value === null || value === undefined ? NaN : vitalToNumber(value as VitalValue);
  });

/** All a patient was measured with in the time before `until`, microseconds since 1970, that a score then looks at. */
export const selectUntil = (schema: string, patientId: string, until: number): string => `
  select ${measured} from ${schema}.vitals v
   where v.patient_id = '${patientId}' and v.recorded_at <= timestamptz 'epoch' + ${until} * interval '1 microsecond'
     and v.recorded_at >= timestamptz 'epoch' + ${until - oldestInputMs * 1_000} * interval '1 microsecond'
   order by v.recorded_at`;

/** Takes flushes that nobody evaluated for a while, until the transaction ends: whoever comes too takes others. */
export const claimUnevaluated = (schema: string, limit: number): string => `
  select writer::int, flush_no::float8 as "flushNo" from ${schema}.telemetry_flush
   where not evaluated and committed_at < now() - interval '5 seconds'
   order by committed_at limit ${limit} for update skip locked`;

/** What those flushes stored that was not late then. */
export const selectFlushed = (schema: string, flushes: readonly FlushMark[]): string => {
  const marks = flushes.map(({ writer, flushNo }) => `(${writer}, ${flushNo})`).join(', ');
  return `
  with flush as materialized (
    select writer, flush_no, greatest(recorded_from, committed_at - interval '10 minutes') as first, recorded_until as last
      from ${schema}.telemetry_flush where (writer, flush_no) in (${marks}))
  select ${measured}
    from ${schema}.vitals v join flush f on f.writer = v.writer and f.flush_no = v.flush_no and v.recorded_at >= f.first
   where v.recorded_at between (select min(first) from flush) and (select max(last) from flush)`;
};
