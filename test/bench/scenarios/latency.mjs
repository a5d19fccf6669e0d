import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { Pool } from 'undici';
import { BareCommits } from '../support/bare-commits.mjs';
import { createFleet } from '../support/fleet.mjs';
import { Histogram } from '../support/histogram.mjs';
import { demoHospitals, required } from '../support/stack.mjs';
import { table } from '../support/table.mjs';
import { COLUMNS, VALUES } from '../support/telemetry-bodies.mjs';
import { connectOwner } from '../support/vitals-table.mjs';

/** @import { Socket } from 'socket.io-client' */
/** @import pg from 'pg' */
/** @import { DemoHospital } from '../support/stack.mjs' */
/** @import { Fleet } from '../support/fleet.mjs' */
/** @import { Scenario } from '../main.mjs' */

const RATE = 2_000;
const LAST_EVENTS_MS = 2_000;

/**
 * Time from `POST /telemetry` sent to the event at a Socket.IO client, both through Nginx: single readings at a fixed
 * rate that does not wait for answers, one a second from each of 2,000 monitors, each of their 100 wards on a screen. Beside
 * it, transactions that hold nothing are committed: what the disk alone takes in the same seconds.
 * @type {Scenario}
 */
export async function latency({ quick, progress }) {
  progress(`latency at ${RATE} readings/s`);
  const owner = await connectOwner();
  const fleet = await createFleet(owner);
  const screens = new Screens();
  await screens.open(fleet);
  const gateways = new Gateways(fleet, screens);
  // Long enough for the services to be compiled: they were started for this.
  await gateways.send(quick ? 5 : 15);
  await gateways.answered();
  const bare = await BareCommits.begin();
  const measured = gateways.startMeasuring();
  await gateways.send(quick ? 5 : 15);
  const commits = await bare.end();
  await gateways.settle();
  screens.close();
  const { sent, acked, failures, ack, event, eventFromSchedule, since } = measured;
  const stored = await countSince(owner, fleet, since);
  await owner.end();
  const faults = [];
  if (acked !== stored) faults.push(`${acked} acked, ${stored} stored`);
  if (failures.size > 0) faults.push(`answers: ${JSON.stringify(Object.fromEntries(failures))}`);
  const row = (/** @type {string} */ name, /** @type {Histogram} */ histogram) => {
    const { count, p50, p95, p99, max } = histogram.summary();
    return [name, String(count), ...[p50, p95, p99, max].map((ms) => ms.toFixed(1))];
  };
  return {
    title: `Latency through Nginx at ${RATE} readings/s, milliseconds`,
    text: [
      table(
        ['', 'count', 'p50', 'p95', 'p99', 'max'],
        [
          row('sent → event at the client', event),
          row('due → event at the client', eventFromSchedule),
          row('sent → acknowledged', ack),
          row('a bare commit, beside it', commits),
        ],
      ),
      `${event.count} of ${sent} readings were seen one by one; ${sent - event.count} gave way to a newer one of the same patient.`,
    ].join('\n'),
    aims: [
      { what: 'sent → event, p99, ms', is: event.summary().p99, atMost: 20 },
      {
        what: 'sent → event, p99, without that of a bare commit',
        is: event.summary().p99 - commits.summary().p99,
        atMost: 20,
      },
    ],
    faults,
    data: {
      ratePerSecond: RATE,
      sent,
      acked,
      event: event.summary(),
      eventFromSchedule: eventFromSchedule.summary(),
      ack: ack.summary(),
      bareCommit: commits.summary(),
    },
  };
}

/** A reading on its way. `sent` and `due` are times of the performance clock. */
class Measurement {
  sent = 0;
  acked = 0;
  /** @type {Map<string, number>} */
  failures = new Map();
  ack = new Histogram();
  event = new Histogram();
  eventFromSchedule = new Histogram();
  /** @type {Map<string, { sent: number, due: number }>} */
  onTheirWay = new Map();
  since = Date.now();
}

/** Nurses' screens, one for every ward. */
class Screens {
  /** @type {Socket[]} */
  #sockets = [];
  /** @type {(patientId: string, recordedAt: number, now: number) => void} */
  onUpdate = () => undefined;

  /** @param {Fleet} fleet */
  async open({ wards }) {
    const token = await signIn(demoHospitals()[0]);
    await Promise.all(
      wards.map(async (wardId) => {
        const socket = io(`${required('HMS_BASE_URL')}/live`, {
          auth: { token, wardId },
          transports: ['websocket'],
          forceNew: true,
        });
        this.#sockets.push(socket);
        socket.on('connect_error', (error) => {
          throw error;
        });
        await once(/** @type {import('node:events').EventEmitter} */ (/** @type {unknown} */ (socket)), 'connect');
        socket.on('vitals', (/** @type {{ patientId: string, recordedAt: string }[]} */ updates) => {
          const now = performance.now();
          for (const { patientId, recordedAt } of updates) this.onUpdate(patientId, Date.parse(recordedAt), now);
        });
      }),
    );
  }

  close() {
    for (const socket of this.#sockets) socket.close();
  }
}

/** Sends one reading after the other, each when it is due, whether or not earlier ones were answered. */
class Gateways {
  #pool = new Pool(required('HMS_BASE_URL'), { connections: 64 });
  #authorization;
  #devices;
  #next = 0;
  #measurement = new Measurement();
  /** @type {Set<Promise<void>>} */
  #unanswered = new Set();

  /**
   * @param {Fleet} fleet
   * @param {Screens} screens
   */
  constructor({ devices, gatewayKey }, screens) {
    this.#authorization = `Bearer ${gatewayKey}`;
    this.#devices = devices;
    screens.onUpdate = (patientId, recordedAt, now) => {
      const key = `${patientId} ${recordedAt}`;
      const { onTheirWay, event, eventFromSchedule } = this.#measurement;
      const reading = onTheirWay.get(key);
      if (!reading || !onTheirWay.delete(key)) return;
      event.add(now - reading.sent);
      eventFromSchedule.add(now - reading.due);
    };
  }

  /** @returns {Measurement} counts what is sent from now on */
  startMeasuring() {
    this.#measurement = new Measurement();
    return this.#measurement;
  }

  /** @param {number} seconds */
  async send(seconds) {
    const began = performance.now();
    const clock = Date.now() - began;
    for (let n = 0; n < seconds * RATE; n++) {
      const due = began + (n * 1_000) / RATE;
      while (performance.now() < due) await delay(1);
      this.#post(due, Math.floor(clock + due));
    }
  }

  /** Resolves when all that was sent is answered and its last millisecond is over. */
  async answered() {
    await Promise.all(this.#unanswered);
    await delay(2);
  }

  /** Waits for the last answers and events. */
  async settle() {
    await this.answered();
    const end = performance.now() + LAST_EVENTS_MS;
    while (this.#measurement.onTheirWay.size > 0 && performance.now() < end) await delay(20);
    await this.#pool.destroy();
  }

  /**
   * @param {number} due
   * @param {number} recordedAt milliseconds since the epoch
   */
  #post(due, recordedAt) {
    const device = this.#devices[this.#next++ % this.#devices.length];
    if (!device) throw new Error('the fleet has no devices');
    const measurement = this.#measurement;
    const sent = performance.now();
    measurement.sent++;
    measurement.onTheirWay.set(`${device.patientId} ${recordedAt}`, { sent, due });
    const answered = this.#request(device, recordedAt)
      .then((status) => {
        measurement.ack.add(performance.now() - sent);
        if (status === '200') measurement.acked++;
        else measurement.failures.set(status, (measurement.failures.get(status) ?? 0) + 1);
      })
      .finally(() => this.#unanswered.delete(answered));
    this.#unanswered.add(answered);
  }

  /**
   * @param {{ name: string }} device
   * @param {number} recordedAt
   */
  async #request({ name }, recordedAt) {
    const { statusCode, body } = await this.#pool.request({
      method: 'POST',
      path: '/telemetry',
      headers: { authorization: this.#authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ cols: ['d', 't', ...COLUMNS], rows: [[name, recordedAt, ...VALUES]] }),
    });
    await body.dump();
    return String(statusCode);
  }
}

/** @param {DemoHospital} hospital */
async function signIn({ slug, users }) {
  const nurse = users.find((user) => user.role === 'nurse');
  const answer = await fetch(`${required('HMS_BASE_URL')}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: nurse?.email, password: nurse?.password, hospital: slug }),
  });
  if (!answer.ok) throw new Error(`signing in to ${slug} failed with ${answer.status}`);
  const { accessToken } = /** @type {{ accessToken: string }} */ (await answer.json());
  return accessToken;
}

/**
 * @param {pg.Client} owner
 * @param {Fleet} fleet
 * @param {number} since milliseconds since the epoch
 * @returns {Promise<number>} what is stored of the fleet's
 */
async function countSince(owner, { schema, devices }, since) {
  const { rows } = await owner.query(
    `select count(*)::int as rows from ${schema}.vitals where recorded_at >= $1 and device_no >= $2`,
    [new Date(since), devices[0]?.deviceNo],
  );
  return rows[0].rows;
}
