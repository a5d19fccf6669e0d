import type { Command, Plan } from './commands.js';
import type { Patch } from './patched-ingest.js';

/** Something done wrong, and a course of events that shows it. */
export interface Mutant {
  readonly name: string;
  /** What makes a step of the relay instead, or which texts of it are replaced. */
  readonly step?: string | readonly { readonly from: string; readonly to: string }[];
  /** Texts of the built service that are. */
  readonly service?: readonly Patch[];
  /** The invariant that does not hold then. */
  readonly breaks: `I${number}`;
  readonly script: readonly Command[];
}

/** One device on the first ward, one of the whole hospital; the third is the other hospital's. */
export const plan: Plan = {
  phones: [
    { role: 'doctor', wards: [0] },
    { role: 'doctor', wards: [] },
  ],
};
/** Patients by where they lie. */
const [onFirstWard, alsoOnFirstWard, onSecondWard] = [0, 1, 2];
const [second, third] = [1, 2];

const sync: Command = { do: 'sync', phones: [0, 1], worker: 0, fates: [] };
const relay: Command = { do: 'relay', rows: [20_000] };
const sql = (
  writer: number,
  change: Extract<Command, { do: 'sql' }>['change'],
  patient: number,
  ward = 0,
): Command => ({
  do: 'sql',
  writer,
  change,
  patient,
  ward,
});
const commit = (writer: number): Command => ({ do: 'end', writer, how: 'commit' });

/** One transaction begins before another, and ends after what that one did was sent. */
const outOfOrder = [
  sync,
  sql(0, 'name', onFirstWard),
  sql(1, 'name', alsoOnFirstWard),
  commit(1),
  relay,
  sync,
  commit(0),
  relay,
  sync,
];

/** A worker dies with the commit of a change. */
const killed = (when: 'before' | 'after'): Command => ({ do: 'kill', worker: 0, when, phone: 0 });

/** A relay that remembers a mark of the last change it moved, and then moves what has a larger one. */
const following = (mark: string): string => `
  create or replace function sync.relay_step(max_rows int default 20000)
    returns table (pos bigint, moved int, more boolean)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
  #variable_conflict use_column
  declare r sync.relay; n int; last bigint;
  begin
    if not pg_try_advisory_xact_lock(7310001) then return; end if;
    select * into r from sync.relay;
    with src as materialized (
      select *, ${mark} as mark from sync.change_log where ${mark} > coalesce(r.after_seq, 0) order by mark limit max_rows
    ), ins as (
      insert into sync.feed (pos, tick, hospital_id, entity, row_id, version, op, keys, keys_gone)
      select r.pos + row_number() over (order by mark), r.tick + 1, hospital_id, entity, row_id, version, op, keys,
             array(select key from unnest(keys_before) key where not key = any (keys))
        from src)
    select count(*), max(mark) into n, last from src;
    if n > 0 then update sync.relay set tick = r.tick + 1, pos = r.pos + n, after_seq = last; end if;
    return query select r.pos + n, n, n >= max_rows;
  end $$`;

/** Cursors of another scope are no reason to ask for a purge. */
const onlyWhoHasNotPurged: Patch = {
  file: 'sync/sync.service.js',
  from: 'scope.purged && !pulled?.isOfOtherScope',
  to: 'scope.purged',
};

export const mutants: readonly Mutant[] = [
  { name: 'M1: the relay remembers a sequence', step: following('seq'), breaks: 'I1', script: outOfOrder },
  {
    name: 'M2: the relay remembers a time',
    step: following('(extract(epoch from at) * 1000000)::bigint'),
    breaks: 'I1',
    script: outOfOrder,
  },
  {
    name: 'M3: of two changes of a row that of the later transaction counts',
    step: [
      { from: 'op, keys, seq\n', to: 'op, keys, seq, xid\n' },
      { from: 'row_id, seq desc\n', to: 'row_id, xid desc\n' },
    ],
    breaks: 'I4',
    script: [
      sync,
      { do: 'stall', on: true },
      sql(0, 'note', onSecondWard),
      sql(1, 'move', onFirstWard, second),
      commit(1),
      sql(0, 'move', onFirstWard, third),
      commit(0),
      relay,
    ],
  },
  {
    name: 'M4: what was seen is stored outside the transaction',
    service: [
      {
        file: 'database/lane.js',
        from: 'await this.#sql.begin(work)',
        to: `await (async () => {
          const seen = [];
          const isSeen = ([texts]) => texts[0].includes('record_push');
          const done = await this.#sql.begin((tx) => work(new Proxy(tx, {
            apply: (of, self, said) => isSeen(said) ? (seen.push(said), []) : Reflect.apply(of, self, said),
          })));
          for (const said of seen) await this.#sql(...said);
          return done;
        })()`,
      },
    ],
    breaks: 'I3',
    script: [sync, killed('after')],
  },
  {
    name: 'M5: the answer does not wait for the commit',
    service: [
      {
        file: 'database/lane.js',
        from: 'await this.#sql.begin(work)',
        to: `await new Promise((resolve, reject) => this.#sql.begin(async (tx) => {
          resolve(await work(tx));
          await new Promise((later) => setTimeout(later, 300));
        }).catch(reject))`,
      },
    ],
    breaks: 'I2',
    script: [sync, killed('before')],
  },
  {
    name: 'M6: nobody is told of rows they may not hold any more',
    step: [{ from: `where n.op = 'D' or not key = any (n.keys)`, to: 'where false' }],
    breaks: 'I6',
    script: [sync, sql(0, 'move', onFirstWard, second), commit(0)],
  },
  {
    name: 'M7: a cursor stays where it is when nothing was for the device',
    service: [{ file: 'sync/pull/puller.js', from: 'p: Math.max(since, head.pos)', to: 'p: since' }],
    breaks: 'I4',
    script: [sync, sql(0, 'name', onSecondWard), commit(0), relay, sync],
  },
  {
    name: 'M7: a cursor goes past the page',
    service: [{ file: 'sync/pull/puller.js', from: 'p: taken.upTo ?? since', to: 'p: head.pos' }],
    breaks: 'I1',
    script: [sync, { do: 'stall', on: true }, { do: 'bulk', patient: onFirstWard, rows: 30 }, relay, sync],
  },
  {
    name: 'M8: relays do not keep each other away',
    step: [{ from: 'if not pg_try_advisory_xact_lock(7310001) then return; end if;', to: '' }],
    breaks: 'I4',
    script: [
      sync,
      ...Array.from({ length: 5 }, (): Command[] => [
        { do: 'bulk', patient: onFirstWard, rows: 60 },
        { do: 'relay', rows: [3, 5, 7, 9] },
      ]).flat(),
    ],
  },
  {
    name: 'M9: a step of several calls counts as done after the first',
    step: [{ from: 'prev = case when n_src < max_rows then r.target else r.prev end', to: 'prev = r.target' }],
    breaks: 'I1',
    script: [sync, { do: 'bulk', patient: onFirstWard, rows: 30 }, { do: 'relay', rows: [3] }, sync],
  },
  {
    name: 'M10: a snapshot is followed by what comes after its end',
    service: [
      {
        file: 'sync/pull/puller.js',
        from: '{ ...cursor, n: undefined }',
        to: '{ ...cursor, p: arguments[0].head.pos, n: undefined }',
      },
    ],
    breaks: 'I1',
    script: [
      { do: 'bulk', patient: onFirstWard, rows: 30 },
      relay,
      { do: 'sync', phones: [0], worker: 0, fates: ['answered', 'answered', 'held'] },
      sql(0, 'worsen', onFirstWard),
      commit(0),
      relay,
    ],
  },
  {
    name: 'M11: the hospital is that of the device, not of the token',
    service: [
      {
        file: 'sync/sync.service.js',
        from: 'async sync(actor, request, source) {',
        to: `async sync(actor, request, source) {
          const [of] = await this.parts.quiet.lane.query((sql) => sql\`
            select d.user_id as "userId", h.id, h.slug from sync.device d join public.hospital h on h.id = d.hospital_id
             where d.id = \${request.device}\`);
          if (of) actor = { ...actor, userId: of.userId, hospital: { ...of, schema: 'hospital_' + of.slug } };`,
      },
    ],
    breaks: 'I5',
    script: [sync, { do: 'impostor', phone: 0 }],
  },
  {
    name: 'M12: a purge is asked for once',
    service: [
      {
        file: 'sync/access/device-scope.js',
        from: 'purged: acked === ver || purgedTo === ver',
        to: 'purged: true',
      },
      onlyWhoHasNotPurged,
    ],
    breaks: 'I6',
    script: [
      sync,
      { do: 'assign', phone: 0, wards: [second] },
      { do: 'sync', phones: [0], worker: 0, fates: ['answer-lost'] },
    ],
  },
  {
    name: 'M12: a purge is asked for once, and not of the twin that was made from a backup',
    service: [onlyWhoHasNotPurged],
    breaks: 'I6',
    script: [
      sync,
      { do: 'clone', phone: 0 },
      { do: 'assign', phone: 0, wards: [second] },
      { do: 'sync', phones: [0], worker: 0, fates: [] },
    ],
  },
];
