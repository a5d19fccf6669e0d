import { randomUUID } from 'node:crypto';
import { createPatients, measure, signIn } from '../support/api-client.mjs';
import { fillClinics, openClinics } from '../support/clinics.mjs';
import { httpLoad } from '../support/http-load.mjs';
import { startBookingPeer } from '../support/own-server.mjs';
import { startApi } from '../support/service-process.mjs';
import { demoHospitals, required } from '../support/stack.mjs';
import { whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';
import { connectOwner } from '../support/vitals-table.mjs';

/** @import pg from 'pg' */
/** @import { Scenario } from '../main.mjs' */
/** @import { Run } from '../support/api-client.mjs' */
/** @import { OwnServer } from '../support/own-server.mjs' */
/** @import { Clinics } from '../support/clinics.mjs' */

const PROVIDERS = 50;
const DAYS = 30;
const PATIENTS = 200;
/** So many want the same seat at once. */
const RIVALS = 16;
const CONNECTIONS = 32;

/**
 * Searching slots of fifty providers over thirty days; booking where everybody wants the same seats, beside a server that
 * looks and then inserts.
 * @type {Scenario}
 */
export async function scheduling({ quick, progress }) {
  const owner = await connectOwner();
  const [hospital] = demoHospitals();
  const schema = `hospital_${hospital.slug}`;
  const patients = await createPatients(hospital, PATIENTS);
  progress('schedules and appointments');
  const half = await openClinics(owner, { schema, count: PROVIDERS });
  const full = await openClinics(owner, { schema, count: PROVIDERS });
  const wanted = await openClinics(owner, { schema, count: PROVIDERS });
  const patientId = patients[0] ?? '';
  const booked =
    (await fillClinics(owner, { schema, clinics: half, patientId, days: DAYS, every: 2 })) +
    (await fillClinics(owner, { schema, clinics: full, patientId, days: DAYS + 2, every: 1 }));
  const [api, peer] = [await startApi({ RATE_LIMIT_FACTOR: '1000' }), await openPeer(owner)];
  /** @type {string[]} */
  const faults = [];
  try {
    const token = await signIn(api.url, hospital);
    const searches = await searchBoth(api, { token, half, full, quick, progress }, faults);
    const rush = { patients, clinics: wanted, seconds: quick ? 3 : 10 };
    progress('bookings that all want the same seats');
    const ours = await book(api, token, { ...rush, path: '/api/v1/appointments' });
    const oursTwice = await countDoubles(owner, schema);
    progress('the same, by looking and then inserting');
    const theirs = await book(peer.server, token, { ...rush, path: '/appointments' });
    const theirsTwice = await countDoubles(owner, peer.schema);
    if (oursTwice > 0) faults.push(`${oursTwice} pairs of appointments have one seat at one time`);
    for (const [status, count] of Object.entries(ours.failures))
      if (status !== '409') faults.push(`${count} bookings were answered ${status}`);
    return { faults, ...report({ searches, booked, ours, oursTwice, theirs, theirsTwice }) };
  } finally {
    api.stop();
    peer.server.stop();
    await owner.query(`drop schema ${peer.schema} cascade`);
    await owner.end();
  }
}

/** @typedef {{ half: Run, full: Run }} Searches */

/**
 * @param {OwnServer} api
 * @param {{ token: string, half: Clinics, full: Clinics, quick: boolean, progress: (what: string) => void }} options
 * @param {string[]} faults
 * @returns {Promise<Searches>}
 */
async function searchBoth(api, { token, half, full, quick, progress }, faults) {
  const day = (/** @type {number} */ ahead) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
  const of = (/** @type {Clinics} */ { siteId, serviceId }) =>
    `/api/v1/slots?serviceId=${serviceId}&siteId=${siteId}&from=${day(0)}&to=${day(DAYS - 1)}&free=true&limit=100`;
  const run = async (/** @type {Clinics} */ clinics) => {
    const load = { token, next: () => of(clinics), connections: 1 };
    await httpLoad({ ...load, url: api.url, seconds: quick ? 1 : 4 });
    return measure(api, { ...load, seconds: quick ? 3 : 10 }, faults);
  };
  progress('searching where every other slot is free');
  const first = await run(half);
  progress('searching where no slot is free, which takes looking at all of them');
  return { half: first, full: await run(full) };
}

/**
 * Each seat is wanted by sixteen, one right after another, then the next.
 * @param {OwnServer} server
 * @param {string} token
 * @param {{ patients: readonly string[], clinics: Clinics, seconds: number, path: string }} rush
 */
function book({ url }, token, { patients, clinics, seconds, path }) {
  const { providerIds, serviceId } = clinics;
  const starts = nextSlots(DAYS);
  let asked = 0;
  const next = () => {
    const seat = Math.floor(asked / RIVALS);
    const body = {
      patientId: patients[asked % patients.length],
      providerId: providerIds[seat % providerIds.length],
      serviceId,
      start: starts[Math.floor(seat / providerIds.length) % starts.length],
    };
    asked += 1;
    return { method: 'POST', path, headers: { 'idempotency-key': randomUUID() }, body };
  };
  return httpLoad({ url, token, next, connections: CONNECTIONS, seconds });
}

/** Starts that are offered in London, from tomorrow on. @param {number} days */
function nextSlots(days) {
  /** @type {string[]} */
  const starts = [];
  for (let day = 1; day <= days; day++) {
    for (let k = 0; k < 14; k++) {
      const start = new Date(Math.floor(Date.now() / 86_400_000 + day) * 86_400_000 + (10 * 60 + k * 30) * 60_000);
      if (start.getUTCDay() % 6 !== 0) starts.push(start.toISOString());
    }
  }
  return starts;
}

/** @param {pg.Client} owner */
async function openPeer(owner) {
  const schema = `bench_peer_${randomUUID().slice(0, 8)}`;
  await owner.query(`create schema ${schema}`);
  await owner.query(
    `create table ${schema}.appointment (id uuid primary key default gen_random_uuid(), patient_id uuid not null,
       provider_id uuid not null, status text not null, during tstzrange not null)`,
  );
  await owner.query(`create index on ${schema}.appointment using gist (provider_id public.gist_uuid_ops, during)`);
  return { schema, server: await startBookingPeer(required('DATABASE_DIRECT_URL'), schema) };
}

/**
 * @param {pg.Client} owner
 * @param {string} schema
 * @returns {Promise<number>} pairs that have one provider at one time
 */
async function countDoubles(owner, schema) {
  const { rows } = await owner.query(
    `select count(*)::int as n from ${schema}.appointment a join ${schema}.appointment b
         on b.provider_id = a.provider_id and b.id > a.id and b.during && a.during
      where a.status in ('booked', 'scheduled') and b.status in ('booked', 'scheduled')`,
  );
  return rows[0].n;
}

/** @typedef {Awaited<ReturnType<typeof httpLoad>>} Bookings */

/** @param {{ searches: Searches, booked: number, ours: Bookings, oursTwice: number, theirs: Bookings, theirsTwice: number }} measured */
function report({ searches, booked, ours, oursTwice, theirs, theirsTwice }) {
  const search = (/** @type {string} */ what, /** @type {Run} */ { p50, p95, p99, cpuMicroseconds }) => [
    what,
    ...[p50, p95, p99, cpuMicroseconds / 1_000].map((ms) => ms.toFixed(1)),
  ];
  const rush = (/** @type {string} */ what, /** @type {Bookings} */ run, /** @type {number} */ twice) => [
    what,
    whole(run.perSecond),
    whole((run.perSecond / Math.max(1, run.requests)) * (run.failures['409'] ?? 0)),
    run.latency.p50.toFixed(0),
    run.latency.p99.toFixed(0),
    whole(twice),
  ];
  const text = [
    table(
      [`${PROVIDERS} providers, ${DAYS} days, ${whole(booked)} appointments`, 'p50 ms', 'p95', 'p99', 'CPU ms'],
      [search('every other slot is free', searches.half), search('no slot is free', searches.full)],
    ),
    '',
    table(
      [
        `${RIVALS} for each seat, ${CONNECTIONS} connections`,
        'booked/s',
        'refused/s',
        'p50 ms',
        'p99',
        'double booked',
      ],
      [rush('HMS', ours, oursTwice), rush('look, then insert', theirs, theirsTwice)],
    ),
    'HMS also checks the schedule, audits, tells others, keeps the idempotency key, and names three other times when it refuses.',
  ].join('\n');
  const aims = [
    { what: 'slot search p95, ms', is: searches.half.p95, atMost: 50 },
    { what: 'slot search p95 where none is free, ms', is: searches.full.p95, atMost: 50 },
    { what: 'double bookings', is: oursTwice, atMost: 0 },
    { what: 'double bookings by looking and then inserting', is: theirsTwice, atLeast: 1 },
  ];
  const title = 'Scheduling: searching slots, and booking where many want the same seat';
  return { title, text, aims, data: { searches, booked, ours, oursTwice, theirs, theirsTwice } };
}
