import { observedCodes, oldestInputMs } from '@hms/clinical-rules';
import { fields } from '../telemetry/fields.js';
import { lateAfterMs } from '../telemetry/late.js';
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
  /** Microseconds since 1970, as all times here. */
  readonly at: number;
  readonly inputs: Readonly<Record<string, number>>;
  readonly points: Readonly<Record<string, number>>;
  readonly retrospective: boolean;
  readonly alarm: string | null;
  readonly changed: boolean;
}

/** What a score depends on besides observations. */
export interface PatientRow {
  readonly id: string;
  readonly birth_date: string | null;
  readonly birth_date_precision: 'year' | 'month' | 'day';
  readonly setting: 'by-age' | 'news2' | 'bedside-pews' | 'off';
  readonly spo2_scale: 1 | 2;
  readonly ward_id: string | null;
  /** The last one until then that was not of late readings. */
  readonly last: (LastScore & { readonly at: number }) | null;
  /** That of a score which is open. */
  readonly alarm: { readonly normalSince: number | null } | null;
  readonly mark: string | null;
}

export interface ObservationRow {
  readonly patient_id: string;
  readonly code: string;
  readonly value: number;
  readonly at: number;
  readonly doubtful: boolean;
}

const list = (items: Iterable<string | number>): string => `'{${[...items].join(',')}}'`;
const micros = (time: string): string => `(extract(epoch from ${time}) * 1000000)::float8`;
const timeOf = (microseconds: string): string => `timestamptz 'epoch' + ${microseconds} * interval '1 microsecond'`;
const oldest = `interval '${oldestInputMs} milliseconds'`;
/** Readings that are no older when they come are scored as of their time. */
const oldestNow = `(${oldest} + interval '${lateAfterMs} milliseconds')`;

/** @param until by patient the time past which nothing is looked at; Infinity: now */
export const selectPatients = (schema: string, until: ReadonlyMap<string, number>): string => `
  select p.id, p.birth_date::text, p.birth_date_precision, coalesce(m.score, 'by-age') as setting,
         coalesce(m.spo2_scale, 1)::int as spo2_scale,
         (select a.ward_id from ${schema}.device_assignment a where a.patient_id = p.id
           order by lower(a.valid) desc limit 1) as ward_id,
         (select json_build_object('profile', s.profile, 'total', s.total, 'partial', s.partial, 'band', s.band,
                                   'missing', s.missing, 'at', ${micros('s.computed_for')})
            from ${schema}.score_result s
           where s.patient_id = p.id and not s.retrospective and s.computed_for <= asked.until
           order by s.computed_for desc limit 1) as last,
         (select json_build_object('normalSince', ${micros('a.normal_since')}) from ${schema}.alarm a
           where a.patient_id = p.id and a.kind = 'score' and a.state <> 'resolved' limit 1) as alarm,
         (select k.mark from ${schema}.score_mark k where k.patient_id = p.id) as mark
    from (select id, case when at = 'infinity' then at::text::timestamptz else ${timeOf('at')} end as until
            from unnest(${list(until.keys())}::uuid[], ${list(until.values())}::float8[]) as asked (id, at)) as asked
    join ${schema}.patient p on p.id = asked.id and p.deceased_at is null and p.deleted_at is null
    left join ${schema}.patient_monitoring m on m.patient_id = p.id`;

/** The newest of what devices measured and people charted lately. Whether it is doubtful, {@link selectDoubts} says. */
export const selectObservations = (schema: string, ids: Iterable<string>): string => {
  const patients = `patient_id = any (${list(ids)})`;
  return `
  select patient_id, code, value, ${micros('recorded_at')} as at, false as doubtful from ${schema}.vitals_latest
   where ${patients} and code = any (${list(observedCodes)}) and recorded_at > now() - ${oldestNow}
  union all
  (select distinct on (patient_id, code) patient_id, code, value, ${micros('recorded_at')}, false
     from ${schema}.charted_observation
    where ${patients} and status = 'final' and recorded_at > now() - ${oldestNow}
    order by patient_id, code, recorded_at desc)`;
};

/** Which of those readings carry that flag. */
export const selectDoubts = (
  schema: string,
  suspects: readonly { readonly patient_id: string; readonly at: number; readonly flag: number }[],
): string => {
  const rows = suspects.map(({ patient_id, at, flag }) => `('${patient_id}'::uuid, ${timeOf(String(at))}, ${flag})`);
  return `
  select s.patient_id, ${micros('s.at')} as at, s.flag from (values ${rows.join(', ')}) as s (patient_id, at, flag)
   where exists (select from ${schema}.vitals v
                  where v.patient_id = s.patient_id and v.recorded_at = s.at and v.flags & s.flag <> 0)`;
};

export interface DueRow {
  readonly patient_id: string;
  readonly requested_at: string;
}

export interface MarkRow {
  readonly patient_id: string;
  readonly mark: string;
}

/** One of the two. */
export type NewsRow = (DueRow & { readonly mark: null }) | (MarkRow & { readonly requested_at: null });

/** Patients of whom somebody charted, voided or decided something, and what other processes saw in those last seconds. */
export const selectNews = (
  schema: string,
  { due, seconds, writer }: { readonly due: number; readonly seconds: number; readonly writer: number },
): string => `
  (select patient_id, requested_at::text, null as mark from ${schema}.score_due order by requested_at limit ${due})
  union all
  select patient_id, null, mark from ${schema}.score_mark
   where marked_at > now() - interval '${seconds} seconds' and writer <> ${writer}`;

/** Whoever scores these patients too waits until the transaction ends, each in the same order. */
export const holdMarks = (schema: string, ids: readonly string[], writer: number): string => `
  insert into ${schema}.score_mark (patient_id, writer)
  select id, ${writer} from unnest(${list(ids)}::uuid[]) as asked (id) order by id on conflict do nothing;
  select from ${schema}.score_mark where patient_id = any (${list(ids)}) order by patient_id for no key update`;

export const setMarks = (schema: string, marks: ReadonlyMap<string, string>, writer: number): string => `
  update ${schema}.score_mark m set mark = seen.mark, writer = ${writer}, marked_at = clock_timestamp()
    from unnest(${list(marks.keys())}::uuid[], ${list([...marks.values()].map((mark) => `"${mark}"`))}::text[])
           as seen (patient_id, mark)
   where m.patient_id = seen.patient_id`;

/** Keeps scores; returns the patients with an open alarm of one. The entries hold numbers and words of ours alone. */
export const recordScores = (schema: string, entries: readonly ScoreEntry[]): string =>
  `select ${schema}.record_scores('${JSON.stringify(entries)}') as patient_id`;

export const settleDue = (schema: string, due: readonly DueRow[]): string => {
  const pairs = due.map(({ patient_id, requested_at }) => `('${patient_id}'::uuid, '${requested_at}'::timestamptz)`);
  return `
  with settled as materialized (
    select patient_id from ${schema}.score_due
     where (patient_id, requested_at) in (${pairs.join(', ')}) order by patient_id for update)
  delete from ${schema}.score_due d using settled where d.patient_id = settled.patient_id`;
};

/** These patients are to be scored as they are now, by whichever process. */
export const askForScores = (schema: string, ids: readonly string[]): string => `
  insert into ${schema}.score_due as due (patient_id)
  select id from unnest(${list(ids)}::uuid[]) as asked (id) order by id
  on conflict (patient_id) do update set requested_at = clock_timestamp()`;

/** Leaves those alone that somebody has claimed. */
export const markEvaluated = (schema: string, flushes: readonly FlushMark[]): string => {
  const marks = flushes.map(({ writer, flushNo }) => `(${writer}, ${flushNo})`);
  return `
  with own as materialized (
    select writer, flush_no from ${schema}.telemetry_flush
     where not evaluated and (writer, flush_no) in (${marks.join(', ')}) for update skip locked)
  update ${schema}.telemetry_flush f set evaluated = true from own where f.writer = own.writer and f.flush_no = own.flush_no`;
};

const columns = fields.map(({ column }) => column);

export interface MeasuredRow extends Readonly<Record<string, string | number | boolean | null>> {
  readonly patient_id: string;
  readonly at: number;
  readonly flags: number;
}

/** The readings that hold the newest of each value until then, of what a score of then looks at. */
export const selectMeasured = (schema: string, until: ReadonlyMap<string, number>): string => {
  const newest = columns.map((column) => `max(v.recorded_at) filter (where v.${column} is not null) as ${column}`);
  return `
  select v.patient_id, ${micros('v.recorded_at')} as at, v.flags, ${columns.map((column) => `v.${column}`).join(', ')}
    from (select id, ${timeOf('at')} as until
            from unnest(${list(until.keys())}::uuid[], ${list(until.values())}::bigint[]) as asked (id, at)) as asked
    cross join lateral (
      select ${newest.join(', ')} from ${schema}.vitals v
       where v.patient_id = asked.id and v.recorded_at between asked.until - ${oldest} and asked.until) as newest
    join ${schema}.vitals v
      on v.patient_id = asked.id and v.recorded_at in (${columns.map((column) => `newest.${column}`).join(', ')})`;
};

/** The newest of what people charted of each until then. */
export const selectCharted = (schema: string, until: ReadonlyMap<string, number>): string => `
  select distinct on (o.patient_id, o.code) o.patient_id, o.code, o.value, ${micros('o.recorded_at')} as at,
         false as doubtful
    from (select id, ${timeOf('at')} as until
            from unnest(${list(until.keys())}::uuid[], ${list(until.values())}::bigint[]) as asked (id, at)) as asked
    join ${schema}.charted_observation o
      on o.patient_id = asked.id and o.status = 'final' and o.recorded_at between asked.until - ${oldest} and asked.until
   order by o.patient_id, o.code, o.recorded_at desc`;

/** Takes flushes that nobody evaluated for a while, until the transaction ends: whoever comes too takes others. */
export const claimUnevaluated = (schema: string, limit: number): string => `
  select writer::int, flush_no::float8 as "flushNo" from ${schema}.telemetry_flush
   where not evaluated and committed_at < now() - interval '5 seconds'
   order by committed_at limit ${limit} for update skip locked`;

/** When the newest reading of each patient was recorded, of what those flushes stored that was not late then. */
export const selectFlushed = (schema: string, flushes: readonly FlushMark[]): string => {
  const marks = flushes.map(({ writer, flushNo }) => `(${writer}, ${flushNo})`).join(', ');
  return `
  with flush as materialized (
    select writer, flush_no, greatest(recorded_from, committed_at - interval '10 minutes') as first, recorded_until as last
      from ${schema}.telemetry_flush where (writer, flush_no) in (${marks}))
  select v.patient_id, ${micros('max(v.recorded_at)')} as at
    from ${schema}.vitals v join flush f on f.writer = v.writer and f.flush_no = v.flush_no and v.recorded_at >= f.first
   where v.recorded_at between (select min(first) from flush) and (select max(last) from flush)
   group by v.patient_id`;
};
