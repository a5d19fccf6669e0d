import { randomUUID } from 'node:crypto';
import { signIn } from '../support/api-client.mjs';
import { CpuSplit } from '../support/cpu-split.mjs';
import { httpLoad } from '../support/http-load.mjs';
import { demoHospitals, required } from '../support/stack.mjs';
import { percent, whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';
import { connectOwner } from '../support/vitals-table.mjs';

/** @import pg from 'pg' */
/** @import { Scenario } from '../main.mjs' */
/** @import { DemoHospital } from '../support/stack.mjs' */
/** @import { HttpResult } from '../support/http-load.mjs' */

/** 50,000 devices that ask once a minute. */
const POLLS = 50_000 / 60;
const PUSHES = 100;
/** Others' changes that a phone is told with its own. */
const ROWS = 5;
/** Phones that ask in turn: fewer than there are, and more than are remembered by accident. */
const ASKING = 1_000;
const CORES = 2;
const ENTITIES = ['patients', 'allergies', 'conditions', 'observations', 'notes'];

/**
 * What phones cost that ask whether there is news, what a sync of three changes costs, and what the relay costs while there
 * is nothing to do, behind a transaction that stays open.
 * @type {Scenario}
 */
export async function sync({ quick, progress }) {
  const owner = await connectOwner();
  const [hospital] = demoHospitals();
  const url = required('HMS_INGEST_URL');
  const token = await signIn(required('HMS_API_URL'), hospital);
  const seconds = quick ? 4 : 15;
  progress('registering phones');
  const phones = await addPhones(owner, hospital, token, PUSHES * seconds + ASKING + 200);
  const faults = /** @type {string[]} */ ([]);
  const cursors = await currentCursors(url, token, phones[0] ?? '');
  progress(`${whole(POLLS)} polls a second`);
  const poll = { v: 1, schema: 1, ops: [], pull: { cursors } };
  const asking = {
    ...{ url, token, seconds, rate: POLLS },
    body: (/** @type {number} */ n) => ({ ...poll, device: phones[phones.length - 1 - (n % ASKING)] }),
  };
  // The first contact of a phone tells it what it may hold.
  await load([], { ...asking, seconds: 2 });
  const polls = await load(faults, asking);
  progress(`${PUSHES} syncs of three changes a second`);
  const patientId = hospital.devices[0]?.patientId ?? '';
  const changes = (/** @type {number} */ n) => ({
    ...poll,
    pull: { cursors, limit: ROWS },
    device: phones[n],
    ops: [1, 2, 3].map((seq) => note(seq, patientId)),
  });
  const pushes = await load(faults, { url, token, seconds, rate: PUSHES, body: changes });
  progress('the relay, idle behind an open transaction');
  const backlog = quick ? 100_000 : 1_000_000;
  const idleMs = await idleStep(owner, backlog);
  await owner.end();
  const pollShare = (polls.cpuSeconds / seconds / CORES) * (POLLS / polls.perSecond);
  return {
    title: 'Offline sync: what phones cost, with everything that does it on this machine',
    text: table(
      ['', '/s', 'p50 ms', 'p99 ms', 'CPU ms each'],
      [row('poll without news', polls), row('sync of 3 changes and 5 rows', pushes)],
    ).concat(
      `\nCPU ms of a sync by part: ${byPart(pushes)}.`,
      `\nCPU ms of a poll by part: ${byPart(polls)}.`,
      `\n50,000 devices at a poll a minute take ${percent(pollShare)} of ${CORES} cores.`,
      `\nAn idle step of the relay takes ${idleMs.toFixed(2)} ms behind an open transaction with ${whole(backlog)} changes relayed since.`,
    ),
    aims: [
      { what: '50,000 devices, share of the cores', is: pollShare, atMost: 0.3 },
      { what: 'idle step of the relay, ms', is: idleMs, atMost: 1 },
      { what: 'CPU ms of a sync of 3 changes and 5 rows', is: pushes.cpuMsEach, atMost: 0.6 },
    ],
    faults,
    data: { polls, pushes, idleMs, backlog },
  };
}

/** @typedef {HttpResult & { parts: Record<string, number>, cpuSeconds: number, cpuMsEach: number }} Measured */

/** @type {(measured: Measured) => string} */
const byPart = ({ parts }) =>
  Object.entries(parts)
    .map(([name, seconds]) => `${name} ${(seconds / 1e3).toFixed(2)}`)
    .join(', ');

/** @type {(name: string, measured: Measured) => string[]} */
const row = (name, { perSecond, latency, cpuMsEach }) => [
  name,
  whole(perSecond),
  latency.p50.toFixed(1),
  latency.p99.toFixed(1),
  cpuMsEach.toFixed(2),
];

/**
 * @param {string[]} faults
 * @param {{ url: string, token: string, seconds: number, rate: number, body: (n: number) => object }} of
 * @returns {Promise<Measured>}
 */
async function load(faults, { body, ...rest }) {
  let n = 0;
  const next = () => ({ method: 'POST', path: '/sync', body: body(n++) });
  const split = new CpuSplit({});
  const result = await split.during(() => httpLoad({ ...rest, next, connections: 64 }));
  for (const [status, count] of Object.entries(result.failures)) faults.push(`${count} syncs were answered ${status}`);
  const parts = split.perMillion(result.requests);
  return { ...result, parts, cpuSeconds: split.total, cpuMsEach: (split.total / result.requests) * 1e3 };
}

/** @type {(seq: number, patientId: string) => object} */
function note(seq, patientId) {
  const patch = { patientId, kind: 'nursing', text: 'Seen, nothing new.' };
  const [op, id] = [uuid7(), uuid7()];
  return { seq, op, id, entity: 'notes', kind: 'create', patch, sv: 1, at: new Date().toISOString() };
}

function uuid7() {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/**
 * Phones of the nurse who signed in, registered by what is behind the service: it lets a person have 20.
 * @param {pg.Client} owner
 * @param {DemoHospital} hospital
 * @param {string} token
 * @param {number} count
 * @returns {Promise<string[]>}
 */
async function addPhones(owner, { slug }, token, count) {
  const { sub } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const { rows } = await owner.query(
    `insert into sync.device (id, hospital_id, user_id, name, schema_version)
     select gen_random_uuid(), h.id, $2, 'Bench', 1 from public.hospital h, generate_series(1, $3::int) where h.slug = $1
     returning id`,
    [slug, sub, count],
  );
  return rows.map(({ id }) => id);
}

/** @type {(url: string, token: string, device: string) => Promise<Record<string, string>>} */
async function currentCursors(url, token, device) {
  /** @type {Record<string, string | null>} */
  let cursors = Object.fromEntries(ENTITIES.map((name) => [name, null]));
  for (let complete = false; !complete;) {
    const answer = await fetch(`${url}/sync`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ v: 1, schema: 1, device, ops: [], pull: { cursors } }),
    });
    const body = /** @type {{ complete: boolean, cursors: Record<string, string>, code?: string }} */ (
      await answer.json()
    );
    if (!answer.ok) throw new Error(`a pull was answered ${answer.status}: ${body.code}`);
    ({ complete, cursors } = body);
  }
  return /** @type {Record<string, string>} */ (cursors);
}

/**
 * The median of a step that finds nothing, while a transaction is open that began before all that was relayed since.
 * @param {pg.Client} owner
 * @param {number} backlog
 */
async function idleStep(owner, backlog) {
  const open = await connectOwner();
  await open.query('begin');
  await open.query('select pg_current_xact_id()');
  await owner.query(
    `insert into sync.change_log (hospital_id, entity, row_id, version, op)
     select gen_random_uuid(), 1, gen_random_uuid(), 1, 'U' from generate_series(1, $1::int)`,
    [backlog],
  );
  for (let more = true; more;)
    more = (await owner.query('select more from sync.relay_step(20000)')).rows[0]?.more ?? true;
  const times = [];
  for (let n = 0; n < 200; n++) {
    const began = performance.now();
    await owner.query('select more from sync.relay_step(20000)');
    times.push(performance.now() - began);
  }
  await open.query('rollback');
  await open.end();
  return times.sort((a, b) => a - b)[times.length / 2] ?? NaN;
}
