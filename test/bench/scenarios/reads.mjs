import { createPatients, measure, signIn, text } from '../support/api-client.mjs';
import { startBareFastify } from '../support/own-server.mjs';
import { startApi, startCostApi } from '../support/service-process.mjs';
import { costs } from '../support/costs.mjs';
import { httpLoad } from '../support/http-load.mjs';
import { readMix } from '../support/read-mix.mjs';
import { demoHospitals } from '../support/stack.mjs';
import { describeSpread, percent, spread, whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';

/** @import { Scenario } from '../main.mjs' */
/** @import { Run } from '../support/api-client.mjs' */
/** @import { OwnServer } from '../support/own-server.mjs' */

const CONNECTIONS = 32;
/** Inpatients of a hospital of some size. */
const PATIENTS = 300;
const SHARE_OF_KNEE = 0.7;
/** After its start a process reads past the cache for two seconds. */
const SETTLES_MS = 3_000;
const WARDS = '/api/v1/wards';

/**
 * Reads of a patient through the API with and without its cache, and of the wards, which nobody audits, beside a bare
 * Fastify route that answers the patient's JSON, interleaved; then the latency at a fixed rate, the hit ratio of a realistic mix, and what auditing and an idempotency key add to the same work.
 * @type {Scenario}
 */
export async function reads({ quick, progress }) {
  const [hospital] = demoHospitals();
  const patients = await createPatients(hospital, PATIENTS);
  const patient = `/api/v1/patients/${patients[0]}`;
  /** @type {OwnServer[]} */
  const started = [];
  const start = async (/** @type {Promise<OwnServer>} */ starting) => {
    const server = await starting;
    started.push(server);
    return server;
  };
  /** @type {string[]} */
  const faults = [];
  try {
    const cached = await start(startApi({}));
    const uncached = await start(startApi({ CACHE: 'off' }));
    const token = await signIn(cached.url, hospital);
    const bare = await start(startBareFastify(await text(cached.url + patient, token)));
    await new Promise((resolve) => setTimeout(resolve, SETTLES_MS));
    const kinds = {
      'bare Fastify': { server: bare, path: patient },
      'API, patient': { server: cached, path: patient },
      'API, patient, CACHE=off': { server: uncached, path: patient },
      'API, wards (not audited)': { server: cached, path: WARDS },
    };
    const runs = await interleaved(kinds, { token, quick, progress }, faults);
    const rate = Math.max(1, Math.floor(spread(of(runs['API, patient'] ?? [], 'rate')).median * SHARE_OF_KNEE));
    progress(`reads of a patient at ${rate}/s`);
    const open = { token, next: () => patient, connections: 64, rate };
    // Connecting all at once is no steady rate.
    await httpLoad({ ...open, url: cached.url, seconds: 2 });
    const steady = await measure(cached, { ...open, seconds: quick ? 4 : 10 }, faults);
    progress('a mix of reads');
    const mix = await readMix(cached, { token, patients, seconds: quick ? 4 : 12 }, faults);
    const costApi = await start(startCostApi());
    const declared = await costs(costApi, { token, seconds: quick ? 2 : 5, progress }, faults);
    return { title: 'Reads of a patient through the API', faults, ...report({ runs, rate, steady, mix, declared }) };
  } finally {
    for (const server of started) server.stop();
  }
}

/**
 * @param {Record<string, { server: OwnServer, path: string }>} kinds
 * @param {{ token: string, quick: boolean, progress: (what: string) => void }} options
 * @param {string[]} faults
 * @returns {Promise<Record<string, Run[]>>}
 */
async function interleaved(kinds, { token, quick, progress }, faults) {
  /** @type {Record<string, Run[]>} */
  const runs = {};
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const [name, { server, path }] of Object.entries(kinds)) {
      progress(name);
      const load = { token, next: () => path, connections: CONNECTIONS };
      // Code that has not been compiled yet costs several times as much.
      await httpLoad({ ...load, url: server.url, seconds: round === 0 && !quick ? 5 : 1 });
      (runs[name] ??= []).push(await measure(server, { ...load, seconds: quick ? 2 : 4 }, faults));
    }
  }
  return runs;
}

/**
 * @param {object} measured
 * @param {Record<string, Run[]>} measured.runs
 * @param {number} measured.rate
 * @param {Run} measured.steady
 * @param {Awaited<ReturnType<typeof readMix>>} measured.mix
 * @param {Record<string, Run>} measured.declared
 */
function report({ runs, rate, steady, mix, declared }) {
  const all = { ...runs, ...Object.fromEntries(Object.entries(declared).map(([name, run]) => [name, [run]])) };
  const bare = spread(of(runs['bare Fastify'] ?? [], 'cpuMicroseconds')).median;
  const text = [
    table(
      [
        'median (range)',
        'requests/s',
        'p50 ms',
        'p95',
        'p99',
        'CPU µs/request',
        'requests/s per core',
        'share of bare',
      ],
      Object.entries(all).map(([name, kind]) => line(name, kind, bare)),
    ),
    'CPU is what the API process spends; a core is one that does nothing else.',
    `At ${whole(rate)} requests/s (${percent(SHARE_OF_KNEE)} of the most it answered), open loop: p50 ${steady.p50} ms, p95 ${steady.p95} ms, p99 ${steady.p99} ms.`,
    `Zipf over ${whole(PATIENTS)} patients, with allergies, wards and writes: ${percent(mix.hitRatio)} of ${whole(mix.reads)} reads hit the cache; for ${percent(mix.bypassed)} Redis did not answer within 50 ms and it was not asked.`,
  ].join('\n');
  const aims = [
    { what: 'p95, ms', is: steady.p95, atMost: 50 },
    { what: 'p99, ms', is: steady.p99, atMost: 100 },
    { what: 'cache hits', is: mix.hitRatio, atLeast: 0.85 },
  ];
  return { text, aims, data: { runs, steady, rate, mix, declared } };
}

/** @type {(runs: readonly Run[], key: keyof Run) => number[]} */
const of = (runs, key) => runs.map((run) => run[key]);

/**
 * @param {string} name
 * @param {Run[]} runs
 * @param {number} bare CPU µs of a bare request
 */
function line(name, runs, bare) {
  const cpu = spread(of(runs, 'cpuMicroseconds')).median;
  return [
    name,
    describeSpread(spread(of(runs, 'rate'))),
    .../** @type {const} */ (['p50', 'p95', 'p99']).map((key) => spread(of(runs, key)).median.toFixed(1)),
    cpu.toFixed(0),
    whole(1e6 / cpu),
    percent(bare / cpu),
  ];
}
