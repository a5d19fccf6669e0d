import postgres from 'postgres';
import { WebSocket } from 'undici';
import { replicateWithPouchdb } from '../peers/pouchdb.mjs';
import { signIn } from '../support/api-client.mjs';
import { CpuSplit } from '../support/cpu-split.mjs';
import { Histogram } from '../support/histogram.mjs';
import { httpLoad } from '../support/http-load.mjs';
import { addPhones, firstSync, note, uuid7 } from '../support/phones.mjs';
import { demoHospitals, required } from '../support/stack.mjs';
import { whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';
import { connectOwner } from '../support/vitals-table.mjs';

/** @import pg from 'pg' */
/** @import { Outcome, Scenario } from '../main.mjs' */
/** @import { Phone } from '../support/phones.mjs' */

const SET = 200;
/** Rows a first sync brings. */
const FIRST = 10_000;
/** A phone that fetches rows one by one over so many connections. */
const ONE_BY_ONE = { rows: 500, connections: 6 };
const LISTENERS = 100;

/**
 * The ways of offline sync against the obvious ones: sets against single rows, what is remembered against what is read, a
 * snapshot against one request a row, a call against asking.
 * @type {Scenario}
 */
export async function syncWays({ quick, progress }) {
  const owner = await connectOwner();
  const [hospital] = demoHospitals();
  const url = required('HMS_INGEST_URL');
  const token = await signIn(required('HMS_API_URL'), hospital);
  const patientId = hospital.devices[0]?.patientId ?? '';
  const schema = `hospital_${hospital.slug}`;
  const [writer = '', reader = '', ...listeners] = await addPhones(owner, hospital, token, LISTENERS + 2);
  const phone = (/** @type {string} */ device) => ({ url, token, device });
  progress('rows one by one, in a pipeline, and as sets');
  const writes = await waysToWrite({ schema, patientId, seconds: quick ? 2 : 6 });
  const pushed = await pushSets(phone(writer), patientId, quick ? 2 : 6);
  progress(`a first sync of ${whole(FIRST)} rows`);
  await addHistory(owner, schema, patientId, FIRST);
  const first = await timeFirst(owner, phone(reader), schema);
  progress('the same rows by PouchDB');
  const replicated = await replicateWithPouchdb(first.rows);
  progress('asking with no news, and where the database has to be read');
  const asked = await waysToAsk(phone(reader), first.cursors, quick ? 3 : 10);
  progress(`calls to ${LISTENERS} phones`);
  const calls = await callLatency(owner, {
    phones: listeners.map(phone),
    schema,
    patientId,
    changes: quick ? 60 : 300,
  });
  await owner.end();
  return outcomeOf({ writes, pushed, first, replicated, asked, calls });
}

/**
 * @typedef {object} Measured
 * @property {Awaited<ReturnType<typeof waysToWrite>>} writes
 * @property {number} pushed
 * @property {Awaited<ReturnType<typeof timeFirst>>} first
 * @property {Awaited<ReturnType<typeof replicateWithPouchdb>>} replicated
 * @property {Awaited<ReturnType<typeof waysToAsk>>} asked
 * @property {Awaited<ReturnType<typeof callLatency>>} calls
 */

/** @type {(measured: Measured) => Outcome} */
function outcomeOf({ writes, pushed, first, replicated, asked, calls }) {
  const { single, pipelined, sets } = writes;
  return {
    title: 'Offline sync: its ways against the obvious ones, in the same tables with all their triggers',
    text: table(
      ['', '', '× single', '× pipelined'],
      [
        ['notes/s, each committed by itself', whole(single), '1', ''],
        ['notes/s, 200 statements in a pipeline and a transaction', whole(pipelined), times(pipelined / single), '1'],
        ['notes/s, sets of 200', whole(sets), times(sets / single), times(sets / pipelined)],
        [
          'notes/s, pushes of 200 with rules, ledger, audit and events',
          whole(pushed),
          times(pushed / single),
          times(pushed / pipelined),
        ],
      ],
    ).concat(
      `\nA first sync of ${whole(first.rows.length)} rows takes ${first.seconds.toFixed(1)} s and ${whole(first.bytes / 1024)} KiB of JSON;`,
      ` one request a row over ${ONE_BY_ONE.connections} connections would take ${first.oneByOneSeconds.toFixed(1)} s (from ${ONE_BY_ONE.rows} of them).`,
      `\n${ofPouchdb(replicated)}`,
      `\nA poll costs ${asked.none.toFixed(2)} ms of CPU when there is no news, and ${asked.read.toFixed(2)} ms when it is read from the database.`,
      `\nFrom the commit of a change to the call at a phone: p50 ${calls.p50.toFixed(0)}, p99 ${calls.p99.toFixed(0)} ms (${calls.count} calls).`,
    ),
    aims: [
      { what: 'sets against a pipeline, ×', is: sets / pipelined, atLeast: 4 },
      { what: 'sets against single rows, ×', is: sets / single, atLeast: 40 },
      { what: 'CPU of a poll that reads the database, ×', is: asked.read / asked.none, atLeast: 20 },
      { what: 'change → call p99, ms', is: calls.p99, atMost: 300 },
    ],
    faults: [],
    data: {
      writes: { ...writes, pushed },
      first: { ...first, cursors: undefined, rows: first.rows.length },
      replicated,
      asked,
      calls,
    },
  };
}

/** @type {(replicated: Awaited<ReturnType<typeof replicateWithPouchdb>>) => string} */
const ofPouchdb = (replicated) =>
  'missing' in replicated
    ? replicated.missing
    : `PouchDB replicates the same rows in ${replicated.seconds.toFixed(1)} s, ${whole(replicated.bytes / 1024)} KiB and ${replicated.requests} requests: from memory to memory, for nobody in particular.`;

const times = (/** @type {number} */ ratio) => ratio.toFixed(1);

/**
 * Rows a second in each way, over one connection through the pooler.
 * @param {{ schema: string, patientId: string, seconds: number }} of
 */
async function waysToWrite({ schema, patientId, seconds }) {
  const sql = postgres(required('INGEST_DATABASE_URL'), { max: 1, prepare: false, fetch_types: false });
  const columns = 'id, patient_id, kind, text, recorded_at, created_by, updated_by';
  const author = uuid7();
  const row = () => [uuid7(), patientId, 'nursing', 'Seen, nothing new.', new Date().toISOString(), author, author];
  const one = `insert into ${schema}.note (${columns}) values ($1, $2, $3, $4, $5, $6, $7)`;
  const set = `insert into ${schema}.note (${columns}) select ${columns} from jsonb_populate_recordset(null::${schema}.note, $1::text::jsonb)`;
  const names = columns.split(', ');
  const rows = (/** @type {number} */ count) =>
    JSON.stringify(Array.from({ length: count }, () => Object.fromEntries(row().map((value, i) => [names[i], value]))));
  const single = await rate(seconds, 1, () => sql.unsafe(one, row()));
  const pipelined = await rate(seconds, SET, () =>
    sql.begin((tx) => Promise.all(Array.from({ length: SET }, () => tx.unsafe(one, row())))),
  );
  const sets = await rate(seconds, SET, () => sql.begin((tx) => tx.unsafe(set, [rows(SET)])));
  await sql.end();
  return { single, pipelined, sets };
}

/** @type {(seconds: number, rows: number, write: () => PromiseLike<unknown>) => Promise<number>} */
async function rate(seconds, rows, write) {
  const began = performance.now();
  let done = 0;
  while (performance.now() - began < seconds * 1_000) {
    await write();
    done += rows;
  }
  return (done / (performance.now() - began)) * 1_000;
}

/** @type {(phone: Phone, patientId: string, seconds: number) => Promise<number>} */
async function pushSets({ url, token, device }, patientId, seconds) {
  let seq = 0;
  return rate(seconds, SET, async () => {
    const ops = Array.from({ length: SET }, () => note(++seq, patientId));
    await answered(url, token, { v: 1, schema: 1, device, ops });
  });
}

/** @type {(url: string, token: string, body: object) => Promise<void>} */
async function answered(url, token, body) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/sync`, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`a sync was answered ${answer.status}: ${text}`);
}

/**
 * As much history as fills a phone: what was charted, and notes. Ends when the feed has all of it, or a phone would be told of
 * it twice.
 * @type {(owner: pg.Client, schema: string, patientId: string, count: number) => Promise<void>}
 */
async function addHistory(owner, schema, patientId, count) {
  await owner.query(
    `insert into ${schema}.note (id, patient_id, kind, text, recorded_at, created_by, updated_by)
     select gen_random_uuid(), $1, 'nursing', 'Slept well, no pain, drank 200 ml.', now(), $1, $1 from generate_series(1, $2::int)`,
    [patientId, count],
  );
  await owner.query(
    `insert into ${schema}.charted_observation (id, patient_id, code, value, recorded_at, recorded_by)
     select gen_random_uuid(), $1, 'heartRate', 60 + n % 40, now() - n * interval '1 minute', $1 from generate_series(1, $2::int) n`,
    [patientId, count],
  );
  const relayed = `select not exists (select from sync.change_log l, sync.relay r where not pg_visible_in_snapshot(l.xid, r.prev)) as all`;
  for (let done = false; !done;) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    done = (await owner.query(relayed)).rows[0].all;
  }
}

/**
 * @param {pg.Client} owner
 * @param {Phone} phone
 * @param {string} schema
 */
async function timeFirst(owner, phone, schema) {
  const began = performance.now();
  const { cursors, rows, bytes } = await firstSync(phone);
  const seconds = (performance.now() - began) / 1_000;
  const { rows: patients } = await owner.query(`select id from ${schema}.patient where deleted_at is null limit $1`, [
    ONE_BY_ONE.rows,
  ]);
  let at = 0;
  const { requests, perSecond } = await httpLoad({
    ...{ url: required('HMS_API_URL'), token: phone.token, connections: ONE_BY_ONE.connections, seconds: 4 },
    next: () => `/api/v1/patients/${patients[at++ % patients.length].id}`,
  });
  if (requests === 0) throw new Error('no patient could be read');
  return { cursors, rows, bytes, seconds, oneByOneSeconds: rows.length / perSecond };
}

/**
 * CPU milliseconds of a poll, of everything that does it.
 * @param {Phone} phone
 * @param {Record<string, string>} cursors of now
 * @param {number} seconds
 */
async function waysToAsk({ url, token, device }, cursors, seconds) {
  const ask = async (/** @type {Record<string, string>} */ from) => {
    const split = new CpuSplit({});
    const next = () => ({
      ...{ method: 'POST', path: '/sync' },
      body: { v: 1, schema: 1, device, ops: [], pull: { cursors: from, limit: 5 } },
    });
    const load = { url, token, next, connections: 8, seconds };
    const { requests } = await split.during(() => httpLoad(load));
    return (split.total / requests) * 1e3;
  };
  const none = await ask(cursors);
  // Older than what the process remembers.
  const old = Object.entries(cursors).map(([name, text]) => [name, withPosition(text, 0)]);
  return { none, read: await ask(Object.fromEntries(old)) };
}

/** @type {(cursor: string, pos: number) => string} */
function withPosition(cursor, pos) {
  const read = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  return Buffer.from(JSON.stringify({ ...read, p: pos })).toString('base64url');
}

/**
 * From the commit of changes, made one after another, to the calls at all phones.
 * @param {pg.Client} owner
 * @param {{ phones: readonly Phone[], schema: string, patientId: string, changes: number }} of
 */
async function callLatency(owner, { phones, schema, patientId, changes }) {
  const latency = new Histogram();
  let committedAt = 0;
  let heard = 0;
  const sockets = await Promise.all(
    phones.map(async (phone) => {
      await answered(phone.url, phone.token, { v: 1, schema: 1, device: phone.device, ops: [] });
      return listen(phone, () => {
        latency.add(performance.now() - committedAt);
        heard++;
      });
    }),
  );
  for (let n = 0; n < changes; n++) {
    heard = 0;
    await owner.query(`update ${schema}.patient set phone = $2 where id = $1`, [patientId, `+49 30 ${100_000 + n}`]);
    committedAt = performance.now();
    await until(() => heard >= phones.length);
    // The calls to one phone are a quarter of a second apart.
    await new Promise((resolve) => setTimeout(resolve, 250 + Math.random() * 75));
  }
  for (const socket of sockets) socket.close();
  return latency.summary();
}

/** @type {(phone: Phone, onCall: () => void) => Promise<WebSocket>} */
function listen({ url, token, device }, onCall) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/sync/live`);
  socket.addEventListener('open', () => socket.send(JSON.stringify({ v: 1, token, device })));
  return new Promise((resolve, reject) => {
    socket.addEventListener('close', ({ code }) => reject(new Error(`a phone may not listen: ${code}`)));
    socket.addEventListener('message', ({ data }) => {
      if ('ready' in JSON.parse(String(data))) resolve(socket);
      else onCall();
    });
  });
}

/** @type {(holds: () => boolean) => Promise<void>} */
async function until(holds) {
  const end = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('some phones were not called');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
