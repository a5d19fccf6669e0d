import { signIn } from '../support/api-client.mjs';
import { CpuSplit } from '../support/cpu-split.mjs';
import { httpLoad } from '../support/http-load.mjs';
import { addPhones, firstSync, note } from '../support/phones.mjs';
import { demoHospitals, required } from '../support/stack.mjs';
import { percent, whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';
import { connectOwner } from '../support/vitals-table.mjs';

/** @import pg from 'pg' */
/** @import { Scenario } from '../main.mjs' */
/** @import { HttpResult } from '../support/http-load.mjs' */

/** 50,000 devices that ask once a minute. */
const POLLS = 50_000 / 60;
/** A second: what a clinic of some hundred phones does at the end of a round. */
const PUSHES = 100;
/** More phones in a row than are ever answered at full speed, for each second. */
const RUSH_PHONES = 1_000;
const RUSH_CONNECTIONS = 256;
/** Others' changes that a phone is told with its own. */
const ROWS = 5;
/** Phones that ask in turn: fewer than there are, and more than are remembered by accident. */
const ASKING = 1_000;
const CORES = 2;

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
  const phones = await addPhones(owner, hospital, token, (PUSHES + RUSH_PHONES) * seconds + ASKING + 200);
  const faults = /** @type {string[]} */ ([]);
  const { cursors } = await firstSync({ url, token, device: phones[0] ?? '' });
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
  const patients = hospital.devices.map(({ patientId }) => patientId);
  let used = 0;
  const changes = () => ({
    ...poll,
    pull: { cursors, limit: ROWS },
    device: phones[used++],
    ops: [1, 2, 3].map((seq) => note(seq, patients[used % patients.length] ?? '')),
  });
  const pushes = await load(faults, { url, token, seconds, rate: PUSHES, body: changes });
  progress('as many syncs of three changes as there can be');
  const rush = await load(faults, { url, token, seconds, connections: RUSH_CONNECTIONS, body: changes });
  progress('the relay, idle behind an open transaction');
  const backlog = quick ? 100_000 : 1_000_000;
  const idleMs = await idleStep(owner, backlog);
  await owner.end();
  const pollShare = (polls.cpuSeconds / seconds / CORES) * (POLLS / polls.perSecond);
  return {
    title: 'Offline sync: what phones cost, with everything that does it on this machine',
    text: table(
      ['', '/s', 'p50 ms', 'p99 ms', 'CPU ms each'],
      [
        row('poll without news', polls),
        row('sync of 3 changes and 5 rows', pushes),
        row(`the same, over ${RUSH_CONNECTIONS} connections at full speed`, rush),
      ],
    ).concat(
      `\nCPU ms of a sync by part: ${byPart(pushes)}.`,
      `\nCPU ms of a sync at full speed by part: ${byPart(rush)}.`,
      `\nCPU ms of a poll by part: ${byPart(polls)}.`,
      `\n50,000 devices at a poll a minute take ${percent(pollShare)} of ${CORES} cores.`,
      `\nAn idle step of the relay takes ${idleMs.toFixed(2)} ms behind an open transaction with ${whole(backlog)} changes relayed since.`,
    ),
    aims: [
      { what: '50,000 devices, share of the cores', is: pollShare, atMost: 0.3 },
      { what: 'idle step of the relay, ms', is: idleMs, atMost: 1 },
      { what: 'CPU ms of a sync of 3 changes and 5 rows, at full speed', is: rush.cpuMsEach, atMost: 0.6 },
    ],
    faults,
    data: { polls, pushes, rush, idleMs, backlog },
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
 * @param {{ url: string, token: string, seconds: number, rate?: number, connections?: number, body: (n: number) => object }} of
 * @returns {Promise<Measured>}
 */
async function load(faults, { body, ...rest }) {
  let n = 0;
  const next = () => ({ method: 'POST', path: '/sync', body: body(n++) });
  const split = new CpuSplit({});
  const result = await split.during(() => httpLoad({ connections: 64, ...rest, next }));
  for (const [status, count] of Object.entries(result.failures)) faults.push(`${count} syncs were answered ${status}`);
  const parts = split.perMillion(result.requests);
  return { ...result, parts, cpuSeconds: split.total, cpuMsEach: (split.total / result.requests) * 1e3 };
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
