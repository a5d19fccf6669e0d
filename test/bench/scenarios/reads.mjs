import { randomUUID } from 'node:crypto';
import { startApi, startBareFastify } from '../support/api-process.mjs';
import { cpuSeconds } from '../support/cpu.mjs';
import { getLoad } from '../support/get-load.mjs';
import { demoHospitals } from '../support/stack.mjs';
import { describeSpread, percent, spread, whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';
import { connectOwner } from '../support/vitals-table.mjs';

/** @import { Scenario } from '../main.mjs' */
/** @import { Server } from '../support/api-process.mjs' */
/** @import { DemoHospital } from '../support/stack.mjs' */

const CONNECTIONS = 32;
const PATIENTS = 1_000;
const SHARE_OF_KNEE = 0.7;
/** After its start a process reads past the cache for two seconds. */
const SETTLES_MS = 3_000;

/** @typedef {{ rate: number, p50: number, p95: number, p99: number, cpuMicroseconds: number }} Run */

/**
 * Reads of a patient through the API with and without its cache, beside a bare Fastify route that answers the same JSON,
 * interleaved; then the latency at a fixed rate; then the hit ratio of a realistic mix.
 * @type {Scenario}
 */
export async function reads({ quick, progress }) {
  const [hospital] = demoHospitals();
  const patients = await createPatients(hospital);
  const cached = await startApi({});
  const uncached = await startApi({ CACHE: 'off' });
  const token = await signIn(cached.url, hospital);
  const patient = `/api/v1/patients/${patients[0]}`;
  const bare = await startBareFastify(await text(cached.url + patient, token));
  const servers = { bare, cached, uncached };
  await new Promise((resolve) => setTimeout(resolve, SETTLES_MS));
  /** @type {Record<keyof typeof servers, Run[]>} */
  const runs = { bare: [], cached: [], uncached: [] };
  /** @type {string[]} */
  const faults = [];
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const name of /** @type {const} */ (['bare', 'cached', 'uncached'])) {
      progress(`reads of a patient: ${name}`);
      const load = { url: servers[name].url, token, path: () => patient, connections: CONNECTIONS };
      await getLoad({ ...load, seconds: 1 });
      runs[name].push(await measure(servers[name], { ...load, seconds: quick ? 2 : 4 }, faults));
    }
  }
  const knee = spread(runs.cached.map(({ rate }) => rate)).median;
  const rate = Math.floor(knee * SHARE_OF_KNEE);
  progress(`reads of a patient at ${rate}/s`);
  const steady = await measure(
    cached,
    { url: cached.url, token, path: () => patient, connections: 256, seconds: quick ? 4 : 10, rate },
    faults,
  );
  progress('a mix of reads');
  const mix = await mixed(cached, { hospital, token, patients, seconds: quick ? 4 : 10 }, faults);
  for (const server of Object.values(servers)) server.stop();
  return {
    title: 'Reads of a patient through the API; median (range)',
    text: [
      table(
        ['', 'requests/s', 'p50 ms', 'p95', 'p99', 'CPU µs/request', 'requests/s per core', 'share of bare'],
        Object.entries(runs).map(([name, all]) => line(name, all, runs.bare)),
      ),
      `At ${whole(rate)} requests/s (${percent(SHARE_OF_KNEE)} of the most it answered): p50 ${steady.p50} ms, p95 ${steady.p95} ms, p99 ${steady.p99} ms.`,
      `Zipf over ${whole(patients.length)} patients, with allergies, wards and writes: ${percent(mix.hitRatio)} of reads hit the cache.`,
    ].join('\n'),
    faults,
    data: { runs, steady, rate, mix },
  };
}

/**
 * @param {Server} server
 * @param {import('../support/get-load.mjs').GetLoad} load
 * @param {string[]} faults
 * @returns {Promise<Run>}
 */
async function measure(server, load, faults) {
  const before = cpuSeconds([server.pid]);
  const { requests, perSecond, latency, failures } = await getLoad(load);
  const spent = cpuSeconds([server.pid]) - before;
  for (const [status, count] of Object.entries(failures)) faults.push(`${count} reads were answered ${status}`);
  const { p50, p95, p99 } = latency;
  return { rate: perSecond, p50, p95, p99, cpuMicroseconds: (spent / requests) * 1e6 };
}

/**
 * Seven of ten read a patient, two its allergies, one the wards; meanwhile twenty records a second change.
 * @param {Server} server
 * @param {{ hospital: DemoHospital, token: string, patients: readonly string[], seconds: number }} options
 * @param {string[]} faults
 */
async function mixed({ url, pid }, { hospital, token, patients, seconds }, faults) {
  const pick = zipf(patients);
  const paths = [
    ...Array.from({ length: 7 }, () => () => `/api/v1/patients/${pick()}`),
    ...Array.from({ length: 2 }, () => () => `/api/v1/patients/${pick()}/allergies`),
    () => '/api/v1/wards',
  ];
  const path = () => paths[Math.floor(Math.random() * paths.length)]?.() ?? '';
  const writer = await signIn(url, hospital, 'doctor');
  const before = await hits(url);
  /** @type {Promise<void>[]} */
  const writes = [];
  const writing = setInterval(() => void writes.push(touch(url, writer, pick())), 50);
  await measure({ url, pid, stop: () => undefined }, { url, token, path, connections: CONNECTIONS, seconds }, faults);
  clearInterval(writing);
  await Promise.all(writes);
  const after = await hits(url);
  return { hitRatio: (after.hits - before.hits) / (after.all - before.all), reads: after.all - before.all };
}

/** Changes a patient's record as somebody at the front desk does. @type {(url: string, token: string, id: string) => Promise<void>} */
async function touch(url, token, id) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const { version } = JSON.parse(await text(`${url}/api/v1/patients/${id}`, token));
  const body = JSON.stringify({ preferredLanguage: version % 2 === 0 ? 'en' : 'hi' });
  await fetch(`${url}/api/v1/patients/${id}`, {
    method: 'PATCH',
    headers: { ...headers, 'if-match': `"${version}"` },
    body,
  });
}

/**
 * @param {readonly string[]} of
 * @returns {() => string} the first half as often as the second is twice as rare, as people are looked up
 */
function zipf(of) {
  /** @type {number[]} */
  const sums = [];
  for (const [i] of of.entries()) sums.push((sums.at(-1) ?? 0) + 1 / (i + 1));
  const all = sums.at(-1) ?? 0;
  return () => {
    const at = Math.random() * all;
    return of[sums.findIndex((sum) => sum >= at)] ?? '';
  };
}

/** @param {string} url */
async function hits(url) {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const counts = [...metrics.matchAll(/^cache_requests_total\{.*outcome="(\w+)".*\} (\d+)$/gm)];
  const sum = (/** @type {string | undefined} */ outcome) =>
    counts.filter(([, of]) => outcome === undefined || of === outcome).reduce((all, [, , n]) => all + Number(n), 0);
  return { hits: sum('hit'), all: sum(undefined) };
}

/** @type {(url: string, token: string) => Promise<string>} */
async function text(url, token) {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}

/** @type {(url: string, hospital: DemoHospital, role?: string) => Promise<string>} */
async function signIn(url, { slug, users }, role = 'nurse') {
  const user = users.find((one) => one.role === role);
  const answer = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: user?.email, password: user?.password, hospital: slug }),
  });
  if (!answer.ok) throw new Error(`signing in to ${slug} as ${role} failed with ${answer.status}`);
  const { accessToken } = /** @type {{ accessToken: string }} */ (await answer.json());
  return accessToken;
}

/**
 * @param {DemoHospital} hospital
 * @returns {Promise<string[]>} their ids
 */
async function createPatients({ slug }) {
  const owner = await connectOwner();
  const { rows } = await owner.query(
    `insert into hospital_${slug}.patient (id, mrn, family_name, given_name, phone, created_by, updated_by)
     select gen_random_uuid(), 'read-' || $1 || '-' || n, 'Bench', n::text, '+353 1 555 0100', $2, $2
       from generate_series(1, $3::int) n returning id`,
    [randomUUID().slice(0, 8), randomUUID(), PATIENTS],
  );
  await owner.end();
  return rows.map(({ id }) => id);
}

/**
 * @param {string} name
 * @param {Run[]} runs
 * @param {Run[]} bare
 */
function line(name, runs, bare) {
  const of = (/** @type {Run[]} */ all, /** @type {keyof Run} */ key) => spread(all.map((run) => run[key]));
  const cpu = of(runs, 'cpuMicroseconds').median;
  return [
    { bare: 'bare Fastify', cached: 'API', uncached: 'API, CACHE=off' }[name] ?? name,
    describeSpread(of(runs, 'rate')),
    .../** @type {const} */ (['p50', 'p95', 'p99']).map((key) => of(runs, key).median.toFixed(1)),
    cpu.toFixed(0),
    whole(1e6 / cpu),
    percent(of(bare, 'cpuMicroseconds').median / cpu),
  ];
}
