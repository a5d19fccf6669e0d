import { measure, text } from './api-client.mjs';

/** @import { OwnServer } from './own-server.mjs' */

const CONNECTIONS = 32;
/** One record changes for so many reads. */
const READS_PER_WRITE = 50;

/**
 * Seven of ten read a patient, two its allergies, one the wards; patients by Zipf's law, and one request of fifty
 * changes one. Each record was read once before, as it was in a process that runs for longer than this.
 * @param {OwnServer} server
 * @param {{ token: string, patients: readonly string[], seconds: number }} options
 * @param {string[]} faults
 * @returns {Promise<{ hitRatio: number, bypassed: number, reads: number }>} `hitRatio` of the reads Redis answered for
 *   in time; `bypassed` is the share of all for which it did not, so that the cache was not asked
 */
export async function readMix(server, { token, patients, seconds }, faults) {
  const { url } = server;
  const all = patients.flatMap((id) => [`/api/v1/patients/${id}`, `/api/v1/patients/${id}/allergies`]);
  for (let i = 0; i < all.length; i += 16)
    await Promise.all(all.slice(i, i + 16).map((path) => text(url + path, token)));
  const pick = zipf(patients);
  const asks = [
    ...Array.from({ length: 7 }, () => () => `/api/v1/patients/${pick()}`),
    ...Array.from({ length: 2 }, () => () => `/api/v1/patients/${pick()}/allergies`),
    () => '/api/v1/wards',
  ];
  let sent = 0;
  const next = () => {
    if (++sent % READS_PER_WRITE === 0) return change(pick(), sent);
    return asks[Math.floor(Math.random() * asks.length)]?.() ?? '';
  };
  const before = await counts(url);
  await measure(server, { token, next, connections: CONNECTIONS, seconds }, faults);
  const after = await counts(url);
  const [hits, misses, bypassed] = /** @type {const} */ (['hit', 'miss', 'bypass']).map(
    (outcome) => (after.get(outcome) ?? 0) - (before.get(outcome) ?? 0),
  );
  const reads = (hits ?? 0) + (misses ?? 0) + (bypassed ?? 0);
  return { hitRatio: (hits ?? 0) / ((hits ?? 0) + (misses ?? 0)), bypassed: (bypassed ?? 0) / reads, reads };
}

/** @type {(id: string, n: number) => import('./http-load.mjs').Ask} */
const change = (id, n) => ({
  method: 'PUT',
  path: `/api/v1/patients/${id}/allergy-status`,
  body: { status: Math.floor(n / READS_PER_WRITE) % 2 === 0 ? 'none-known' : 'not-asked' },
});

/**
 * @param {readonly string[]} of
 * @returns {() => string} the n-th is looked up an n-th as often as the first
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
async function counts(url) {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const [, outcome = '', n] of metrics.matchAll(/^cache_requests_total\{.*outcome="(\w+)".*\} (\d+)$/gm))
    sums.set(outcome, (sums.get(outcome) ?? 0) + Number(n));
  return sums;
}
