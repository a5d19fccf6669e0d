import { once } from 'node:events';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { required } from './stack.mjs';
import { VALUES } from './telemetry-bodies.mjs';

/** @import { Fleet } from './fleet.mjs' */

const WAYS = 2;
const COLUMNS =
  'patient_id, device_no, recorded_at, flush_no, writer, flags, clock_offset_ms, heart_rate, resp_rate, spo2, ' +
  'systolic, diastolic, temperature, pulse_rate, mean_bp, abp_systolic, abp_diastolic, abp_mean, etco2, fio2, ' +
  'on_oxygen, acvpu';
const COLUMN_COUNT = COLUMNS.split(',').length;
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const EPOCH_2000_MS = 946_684_800_000n;
const CHUNK_ROWS = 500;

/**
 * The floor under every ingest: the same rows into the same table by COPY alone, in binary form, two connections at
 * once, one transaction each, encoded before the clock starts.
 * @param {Fleet} fleet
 * @param {number} rows
 * @returns {Promise<{ rows: number, rate: number }>} how many were stored, rounded up to fill both ways, and rows a second
 */
export async function rawCopy({ schema, devices }, rows) {
  const half = Math.ceil(devices.length / WAYS);
  const perWay = Math.ceil(rows / WAYS);
  const ways = Array.from({ length: WAYS }, (_, i) => encode(devices.slice(i * half, (i + 1) * half), perWay));
  const clients = await Promise.all(ways.map(connectIngest));
  const began = performance.now();
  await Promise.all(clients.map((client, i) => copy(client, schema, ways[i] ?? [])));
  const seconds = (performance.now() - began) / 1_000;
  await Promise.all(clients.map((client) => client.end()));
  return { rows: perWay * WAYS, rate: (perWay * WAYS) / seconds };
}

/** With the rights ingest has, past PgBouncer. */
async function connectIngest() {
  const client = new pg.Client({ connectionString: required('INGEST_DATABASE_DIRECT_URL') });
  await client.connect();
  return client;
}

/**
 * @param {pg.Client} client
 * @param {string} schema
 * @param {readonly Buffer[]} chunks
 */
async function copy(client, schema, chunks) {
  const stream = client.query(copyFrom(`copy ${schema}.vitals (${COLUMNS}) from stdin (format binary)`));
  const done = once(stream, 'finish');
  for (const chunk of chunks) if (!stream.write(chunk)) await once(stream, 'drain');
  stream.end();
  await done;
}

/**
 * Rows as gateways send them: all devices at one time, then all at the next.
 * @param {Fleet['devices']} devices
 * @param {number} rows
 * @returns {Buffer[]}
 */
function encode(devices, rows) {
  const prefixes = devices.map(rowStart);
  const ending = rowEnd();
  const first = BigInt(Date.now() - Math.ceil(rows / devices.length)) - EPOCH_2000_MS;
  /** @type {Buffer[]} */
  const chunks = [SIGNATURE];
  for (let done = 0; done < rows; done += CHUNK_ROWS) {
    /** @type {Buffer[]} */
    const parts = [];
    for (let row = done; row < Math.min(rows, done + CHUNK_ROWS); row++) {
      const time = Buffer.alloc(12);
      time.writeInt32BE(8);
      time.writeBigInt64BE((first + BigInt(Math.floor(row / devices.length))) * 1_000n, 4);
      parts.push(prefixes[row % devices.length] ?? ending, time, ending);
    }
    chunks.push(Buffer.concat(parts));
  }
  chunks.push(Buffer.from([0xff, 0xff]));
  return chunks;
}

/** @param {Fleet['devices'][number]} device */
function rowStart({ patientId, deviceNo }) {
  const count = Buffer.alloc(2);
  count.writeInt16BE(COLUMN_COUNT);
  return Buffer.concat([count, field(Buffer.from(patientId.replaceAll('-', ''), 'hex')), field(integer(deviceNo, 4))]);
}

/** What follows the time: the marks of the flush, the values of a reading, and nulls. */
function rowEnd() {
  const [hr, rr, spo2, sys, dia, temp] = VALUES;
  const temperature = Buffer.alloc(4);
  temperature.writeFloatBE(temp);
  const absent = Buffer.alloc(4, 0xff);
  return Buffer.concat([
    field(integer(1, 8)),
    field(integer(0, 2)),
    field(integer(0, 2)),
    absent,
    ...[hr, rr, spo2, sys, dia].map((value) => field(integer(value, 2))),
    field(temperature),
    ...Array.from({ length: COLUMN_COUNT - 13 }, () => absent),
  ]);
}

/**
 * @param {number} value
 * @param {2 | 4 | 8} length
 */
function integer(value, length) {
  const bytes = Buffer.alloc(length);
  bytes.writeIntBE(value, Math.max(0, length - 6), Math.min(length, 6));
  return bytes;
}

/** @param {Buffer} value */
function field(value) {
  const length = Buffer.alloc(4);
  length.writeInt32BE(value.length);
  return Buffer.concat([length, value]);
}
