import { beginning, canonicalText, hashOf, sealedColumnsSql, type SealedValue } from '@hms/audit';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';

/** Seeded, so that a failure can be repeated: mulberry32. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** An audit a superuser of the database is about to falsify, inside a transaction that is rolled back. */
export interface Victim {
  readonly client: pg.ClientBase;
  readonly schema: string;
  readonly hospitalId: string;
  /** Rows in the chain, and the seqs of its checkpoints. */
  readonly length: number;
  readonly checkpoints: readonly number[];
  readonly random: (below: number) => number;
}

type Tampering = (victim: Victim) => Promise<unknown>;

const run = ({ client, schema }: Victim, sql: string, parameters: unknown[] = []) =>
  client.query(sql.replaceAll('{schema}', schema), parameters);
const anySeq = ({ length, random }: Victim): number => 1 + random(length);
const anyCheckpoint = ({ checkpoints, random }: Victim): number => checkpoints[random(checkpoints.length)]!;
const eventAt = '(select event_id from {schema}.audit_chain where seq = $1)';

const changeEvent =
  (column: string, value: string): Tampering =>
  (victim) =>
    run(victim, `update {schema}.audit_event set ${column} = ${value} where id = ${eventAt}`, [anySeq(victim)]);
const changeLink =
  (column: string, value: string): Tampering =>
  (victim) =>
    run(victim, `update {schema}.audit_chain set ${column} = ${value} where seq = $1`, [anySeq(victim)]);
const changeCheckpoint =
  (column: string, value: string): Tampering =>
  (victim) =>
    run(victim, `update {schema}.audit_checkpoint set ${column} = ${value} where seq = $1`, [anyCheckpoint(victim)]);

const columns: Readonly<Record<string, string>> = {
  id: 'gen_random_uuid()',
  at: "at + interval '1 millisecond'",
  actor_id: 'gen_random_uuid()',
  actor_roles: "array_append(actor_roles, 'nurse')",
  action: "case action when 'read' then 'update' else 'read' end",
  entity: "entity || 'x'",
  entity_ids: "array_append(entity_ids, 'x')",
  patient_ids: "'{}'",
  operation: "operation || '/x'",
  outcome: "case outcome when 'denied' then 'success' else 'denied' end",
  reason: "coalesce(reason, '') || 'x'",
  ip: "'10.0.0.1'",
  user_agent: "user_agent || 'x'",
  session_id: 'null',
  request_id: "request_id || 'x'",
  break_glass: 'gen_random_uuid()',
  key_id: "'other'",
  mac: 'sha256(mac)',
  xid: '(xid::text::bigint + 1)::text::xid8',
};

async function removeEverythingAfter(victim: Victim, seq: number): Promise<void> {
  await run(
    victim,
    `delete from {schema}.audit_event where id in (select event_id from {schema}.audit_chain where seq > $1)`,
    [seq],
  );
  for (const table of ['audit_chain', 'audit_checkpoint']) {
    await run(victim, `delete from {schema}.${table} where seq > $1`, [seq]);
  }
}

/** What whoever knows the source can do: a chain whose every hash is right. */
async function rebuildChain(victim: Victim): Promise<void> {
  const { rows } = await run(
    victim,
    `select e.id, e.xid::text, e.mac, e.key_id, ${sealedColumnsSql}::text as sealed
       from {schema}.audit_event e order by e.xid, e.id`,
  );
  await run(victim, 'delete from {schema}.audit_chain');
  let hash: Uint8Array = beginning(victim.hospitalId);
  let seq = 0;
  for (const row of rows as { id: string; xid: string; mac: Buffer; key_id: string; sealed: string }[]) {
    seq += 1;
    const text = canonicalText(victim.hospitalId, row.key_id, JSON.parse(row.sealed) as SealedValue[]);
    hash = hashOf(hash, { seq, xid: row.xid, mac: row.mac, text });
    await run(victim, 'insert into {schema}.audit_chain (seq, event_id, hash) values ($1, $2, $3)', [
      seq,
      row.id,
      hash,
    ]);
  }
}

async function insertForged(victim: Victim): Promise<void> {
  const id = uuidv7();
  await run(
    victim,
    `insert into {schema}.audit_event
     select (jsonb_populate_record(e, jsonb_build_object('id', $2::text))).* from {schema}.audit_event e where id = ${eventAt}`,
    [anySeq(victim), id],
  );
}

/** Every way to falsify the audit that this test knows, by name. */
export const tamperings: Readonly<Record<string, Tampering>> = {
  ...Object.fromEntries(
    Object.entries(columns).map(([name, value]) => [`change of a row's ${name}`, changeEvent(name, value)]),
  ),
  'change of a link': changeLink('hash', 'sha256(hash)'),
  'renumbering of a link': changeLink('seq', 'seq + 1000000'),
  'link to another row': changeLink('event_id', 'gen_random_uuid()'),
  'renumbering of a checkpoint': changeCheckpoint('seq', 'seq + 1000000'),
  'change of when a checkpoint was made': changeCheckpoint('at', "at + interval '1 second'"),
  'change of what a checkpoint signs': changeCheckpoint('hash', 'sha256(hash)'),
  "change of a checkpoint's key": changeCheckpoint('key_id', "'other'"),
  "change of a checkpoint's signature": changeCheckpoint('signature', 'sha512(signature)'),
  'removal of a checkpoint': (victim) =>
    run(victim, 'delete from {schema}.audit_checkpoint where seq = $1', [anyCheckpoint(victim)]),
  'removal of a row': (victim) =>
    run(victim, `delete from {schema}.audit_event where id = ${eventAt}`, [anySeq(victim)]),
  'removal of a link': (victim) => run(victim, 'delete from {schema}.audit_chain where seq = $1', [anySeq(victim)]),
  'removal of a row with its link': async (victim) => {
    const seq = anySeq(victim);
    await run(victim, `delete from {schema}.audit_event where id = ${eventAt}`, [seq]);
    await run(victim, 'delete from {schema}.audit_chain where seq = $1', [seq]);
  },
  'insertion of a copied row': insertForged,
  'insertion of a copied row into a rebuilt chain': async (victim) => {
    await insertForged(victim);
    await rebuildChain(victim);
  },
  'swap of two rows': async (victim) => {
    const a = 1 + victim.random(victim.length - 1);
    const { rows } = await run(
      victim,
      'select event_id from {schema}.audit_chain where seq between $1 and $2 order by seq',
      [a, a + 1],
    );
    const [first, second] = rows as { event_id: string }[];
    const point = 'update {schema}.audit_chain set event_id = $2 where seq = $1';
    await run(victim, point, [a, uuidv7()]);
    await run(victim, point, [a + 1, first?.event_id]);
    await run(victim, point, [a, second?.event_id]);
  },
  'cut of the tail': (victim) => removeEverythingAfter(victim, victim.random(victim.length)),
  'removal of a row from a rebuilt chain': async (victim) => {
    await run(victim, `delete from {schema}.audit_event where id = ${eventAt}`, [anySeq(victim)]);
    await rebuildChain(victim);
  },
  'removal of a row from a rebuilt chain without checkpoints': async (victim) => {
    await run(victim, `delete from {schema}.audit_event where id = ${eventAt}`, [anySeq(victim)]);
    await rebuildChain(victim);
    await run(victim, 'delete from {schema}.audit_checkpoint');
  },
  'removal of everything': (victim) => removeEverythingAfter(victim, 0),
};
