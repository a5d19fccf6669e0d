import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { required } from './stack.mjs';
import { COLUMNS, VALUES } from './telemetry-bodies.mjs';

/** @import pg from 'pg' */

const DEVICES_PER_WARD = 20;
const VISIBLE_WITHIN_MS = 15_000;

/**
 * @typedef {object} Monitor
 * @property {string} name
 * @property {number} deviceNo
 * @property {string} patientId
 */

/**
 * Adds patients to a hospital, each at a monitor of the gateway, twenty to a ward. That monitors of a scenario that ended
 * are silent alarms nobody.
 * @param {pg.Client} owner
 * @param {{ schema: string, gatewayId: string, count: number }} wanted
 * @returns {Promise<{ wards: string[], devices: Monitor[] }>}
 */
export async function furnish(owner, { schema, gatewayId, count }) {
  const run = randomUUID().slice(0, 8);
  const somebody = randomUUID();
  const wardCount = Math.ceil(count / DEVICES_PER_WARD);
  await owner.query('begin');
  const wards = await owner.query(
    `insert into ${schema}.ward (id, code, name)
     select gen_random_uuid(), upper($1) || '-' || n, 'Bench ' || n from generate_series(0, $2::int - 1) n returning id`,
    [run, wardCount],
  );
  await owner.query(
    `insert into ${schema}.patient (id, mrn, family_name, given_name, created_by, updated_by)
     select gen_random_uuid(), 'bench-' || $1 || '-' || n, 'Bench', n::text, $2, $2 from generate_series(1, $3::int) n`,
    [run, somebody, count],
  );
  await owner.query(
    `insert into ${schema}.device (id, external_id, gateway_id, kind, silent_after_seconds, created_by, updated_by)
     select gen_random_uuid(), 'bench-' || $1 || '-' || n, $2, 'bedside-monitor', 86400, $3, $3 from generate_series(1, $4::int) n`,
    [run, gatewayId, somebody, count],
  );
  const devices = await owner.query(
    `with placed as (
       insert into ${schema}.device_assignment (id, device_id, patient_id, ward_id, valid, created_by)
       select gen_random_uuid(), d.id, p.id, w.id, tstzrange(now() - interval '1 hour', null), $2
         from generate_series(1, $3::int) n
         join ${schema}.device d on d.external_id = 'bench-' || $1 || '-' || n
         join ${schema}.patient p on p.mrn = 'bench-' || $1 || '-' || n
         join ${schema}.ward w on w.code = upper($1) || '-' || n / ${DEVICES_PER_WARD} % $4::int
       returning device_id, patient_id)
     select d.external_id as name, d.device_no as "deviceNo", p.patient_id as "patientId"
       from placed p join ${schema}.device d on d.id = p.device_id order by d.device_no`,
    [run, somebody, count, wardCount],
  );
  await owner.query('commit');
  return { wards: wards.rows.map(({ id }) => id), devices: devices.rows };
}

/**
 * Ingest may keep what it knows of devices for up to five seconds.
 * @param {{ gatewayKey: string, devices: readonly Monitor[] }} sender
 */
export async function untilKnown({ gatewayKey, devices }) {
  const url = `${required('HMS_INGEST_URL')}/telemetry`;
  const headers = { authorization: `Bearer ${gatewayKey}`, 'content-type': 'application/json' };
  let said = '';
  for (const end = performance.now() + VISIBLE_WITHIN_MS; performance.now() < end; await delay(200)) {
    const row = [devices.at(-1)?.name, Date.now(), ...VALUES];
    const body = JSON.stringify({ cols: ['d', 't', ...COLUMNS], rows: [row] });
    const answer = await fetch(url, { method: 'POST', headers, body });
    said = `${answer.status} ${await answer.text()}`;
    if (answer.status === 200 && JSON.parse(said.slice(4)).accepted === 1) return;
  }
  throw new Error(`ingest does not take readings of the devices just made; it answered ${said}`);
}
