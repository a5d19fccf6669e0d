import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createFleet } from '../support/fleet.mjs';
import { Histogram } from '../support/histogram.mjs';
import { Holding } from '../support/holding.mjs';
import { startIngest } from '../support/service-process.mjs';
import { whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';
import { connectOwner } from '../support/vitals-table.mjs';

/** @import pg from 'pg' */
/** @import { Scenario } from '../main.mjs' */
/** @import { Fleet } from '../support/fleet.mjs' */
/** @import { Held } from '../support/holding-process.mjs' */
/** @import { OwnServer } from '../support/own-server.mjs' */

/** A process may hold fewer than 20,000 sockets where this is measured. */
const PROCESSES = 3;
const ALL = 50_001;
const OPEN_WITHIN_MS = 60_000;
const EVERY_MS = 30_000;

/**
 * WebSockets that stay open, each of a monitor that sends a reading every half minute, and what they take: memory of ingest,
 * and connections of the database.
 * @type {Scenario}
 */
export async function connections({ quick, progress }) {
  const count = quick ? 3_000 : ALL;
  const seconds = quick ? 10 : 40;
  const owner = await connectOwner();
  progress(`adding ${whole(count)} monitors`);
  const fleet = await createFleet(owner, count);
  const servers = await Promise.all(Array.from({ length: PROCESSES }, startIngest));
  for (const { url } of servers) await warmUp(`${url}/telemetry`, fleet);
  const before = servers.map(({ pid }) => residentBytes(pid));
  progress(`opening ${whole(count)} connections`);
  const clients = await openAll(servers, fleet);
  progress('holding them');
  let backends = 0;
  for (const end = performance.now() + seconds * 1_000; performance.now() < end; await delay(500)) {
    backends = Math.max(backends, await countBackends(owner));
  }
  const reports = await Promise.all(clients.map((client) => client.report()));
  const grown = servers.reduce((sum, { pid }, i) => sum + residentBytes(pid) - (before[i] ?? 0), 0);
  for (const client of clients) await client.stop();
  for (const server of servers) server.stop();
  await owner.end();
  const { open, answered, refused, latency } = together(reports);
  const { p50, p99 } = latency.summary();
  const held = {
    connections: open,
    'database connections, all of the stack': backends,
    'KiB of ingest a connection': Number((grown / count / 1_024).toFixed(1)),
    'readings/s': Math.round(answered / seconds),
    'ack p50, ms': p50,
    'ack p99, ms': p99,
  };
  return {
    title: `WebSockets held for ${seconds} s by ${PROCESSES} processes of ingest, a reading each every ${EVERY_MS / 1_000} s`,
    text: table(
      ['', ''],
      Object.entries(held).map(([name, value]) => [name, value.toLocaleString('en')]),
    ),
    aims: [
      { what: 'connections held', is: open, atLeast: 50_000 },
      { what: 'database connections', is: backends, atMost: 50 },
      { what: 'KiB of ingest a connection', is: held['KiB of ingest a connection'], atMost: 12 },
    ],
    faults: [
      ...(open < count ? [`${count - open} of ${count} connections were closed`] : []),
      ...(refused > 0 ? [`${refused} readings were refused`] : []),
    ],
    data: held,
  };
}

/**
 * Spreads the monitors of the fleet over the processes, and says what was answered only from then on.
 * @param {readonly OwnServer[]} servers
 * @param {Fleet} fleet
 * @returns {Promise<Holding[]>}
 */
async function openAll(servers, { gatewayKey, devices }) {
  const clients = servers.map(() => new Holding());
  const each = devices.length / servers.length;
  await Promise.all(
    clients.map((client, i) =>
      client.open({
        url: `${servers[i]?.url.replace('http', 'ws')}/telemetry/ws`,
        gatewayKey,
        devices: devices.slice(i * each, (i + 1) * each).map(({ name }) => name),
        openWithinMs: devices.length < ALL ? OPEN_WITHIN_MS / 10 : OPEN_WITHIN_MS,
        everyMs: EVERY_MS,
      }),
    ),
  );
  await Promise.all(clients.map((client) => client.report()));
  return clients;
}

/** @param {readonly Held[]} reports */
function together(reports) {
  const latency = new Histogram();
  for (const report of reports) latency.merge(report.latency);
  const sum = (/** @type {(report: Held) => number} */ of) => reports.reduce((all, report) => all + of(report), 0);
  return {
    open: sum((report) => report.open),
    answered: sum((report) => report.answered),
    refused: sum((report) => report.refused),
    latency,
  };
}

/**
 * What a process has before it holds connections: code that has run, and the devices of the hospital.
 * @param {string} url
 * @param {Fleet} fleet
 */
async function warmUp(url, { gatewayKey, devices }) {
  const headers = { authorization: `Bearer ${gatewayKey}`, 'content-type': 'application/json' };
  const first = Date.now() - 60_000;
  for (let i = 0; i < 2_000; i++) {
    const body = JSON.stringify({ readings: [{ d: devices[0]?.name, t: first + i, hr: 72 }] });
    await (await fetch(url, { method: 'POST', headers, body })).text();
  }
}

/** @param {number} pid */
const residentBytes = (pid) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;

/** @param {pg.Client} owner */
async function countBackends(owner) {
  const { rows } = await owner.query(
    'select numbackends - 1 as backends from pg_stat_database where datname = current_database()',
  );
  return rows[0].backends;
}
