import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Client, createClient, hostEnvironment, memoryStorage } from '@hms/client';
import { syncEntities, type SyncEntityName, syncEntityNames } from '@hms/contracts';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { variable } from '../testing/environment.js';
import { TestHospital } from '../testing/test-hospital.js';
import type { TestIngest } from '../testing/test-ingest.js';
import { type TestUser, TestSync } from '../testing/test-sync.js';

const port = randomInt(20_000, 32_000);
const workMs = Number(process.env['SYNC_MODEL_SECONDS'] ?? 8) * 1_000;

let sync: TestSync;
let hospital: TestHospital;
let ingest: TestIngest;
let wards: readonly [string, string];

beforeAll(async () => {
  sync = await TestSync.open();
  hospital = await TestHospital.create();
  wards = [hospital.wardId, uuidv7()];
  await hospital.rows(`insert into {schema}.ward (id, code, name) values ($1, 'W2', 'Ward 2')`, [wards[1]]);
  ingest = await sync.start({ port });
}, 60_000);

afterAll(async () => {
  await ingest.stop();
  sync.close();
  await hospital.drop();
});

const pick = <T>(of: readonly T[]): T => of[randomInt(of.length)] as T;
const lost = (): never => {
  throw new TypeError('fetch failed');
};

/** A network that loses requests and answers, and delivers some requests twice. */
const unreliable: ReturnType<typeof hostEnvironment>['fetch'] = async (url, request) => {
  const chance = randomInt(100);
  if (chance < 6) return lost();
  if (chance < 12) await fetch(url, { ...request });
  const answer = await fetch(url, { ...request });
  const text = await answer.text();
  if (chance >= 88) return lost();
  return { status: answer.status, headers: answer.headers, text: () => Promise.resolve(text) };
};

/** A user at a device that is the real engine. */
class Device {
  readonly client: Client;
  written = 0;

  constructor(
    readonly user: TestUser,
    readonly wardIds: readonly string[],
  ) {
    this.client = createClient({
      url: ingest.url,
      storage: memoryStorage(),
      name: user.userId,
      token: () => Promise.resolve(user.token),
      entities: syncEntityNames,
      deviceName: 'Phone',
      environment: { ...hostEnvironment(user.userId), fetch: unreliable },
    });
  }

  async work(goOn: () => boolean): Promise<void> {
    while (goOn()) {
      for (let n = randomInt(4); n > 0; n--) await this.#act();
      await this.client.sync();
      await delay(randomInt(30));
    }
  }

  async #act(): Promise<void> {
    const patients = await this.client.rows('patients');
    if (patients.length === 0) return;
    const { id: patientId } = pick(patients);
    const allergies = await this.client.rows('allergies');
    const acts = [
      () => this.#note(patientId),
      () => this.client.update('patients', patientId, { phone: `555 ${randomInt(1_000, 9_999)}` }),
      () => this.client.update('patients', patientId, { familyName: pick(['Adams', 'Byron', 'Curie']) }),
      () => this.client.create('allergies', { patientId, substance: pick(['Milk', 'Egg', 'Latex']), category: 'food' }),
      () => this.client.create('observations', { patientId, code: 'heartRate', value: randomInt(40, 160) }),
      () =>
        allergies.length > 0
          ? this.client.update('allergies', pick(allergies).id, { severity: pick(['mild', 'severe']) })
          : undefined,
    ];
    await pick(acts)();
  }

  async #note(patientId: string): Promise<void> {
    await this.client.create('notes', { patientId, kind: 'nursing', text: 'Seen.' });
    this.written += 1;
  }

  /** What it holds: ids and versions. */
  async held(name: SyncEntityName): Promise<string[]> {
    return (await this.client.rows(name)).map(({ id, _v }) => `${id} ${_v}`).sort();
  }

  /** What it should hold, by a question of the test's own. */
  async due(name: SyncEntityName): Promise<string[]> {
    const { table, patientColumn } = syncEntities[name];
    const rows = await hospital.rows<{ row: string }>(
      `select r.id || ' ' || r.version as row from {schema}.${table} r join {schema}.patient p on p.id = r.${patientColumn}
        where p.deleted_at is null and (cardinality($1::uuid[]) = 0 or p.ward_id = any ($1::uuid[])) order by 1`,
      [this.wardIds],
    );
    return rows.map(({ row }) => row);
  }
}

/** Somebody with SQL who knows nothing of devices. */
async function writeSql(ids: readonly string[], goOn: () => boolean): Promise<void> {
  const client = new pg.Client({ connectionString: variable('DATABASE_DIRECT_URL') });
  await client.connect();
  const { schema } = hospital;
  const statements = [
    [`update ${schema}.patient set given_name = $2 where id = $1`, () => `N${randomInt(1e6)}`],
    [`update ${schema}.patient set ward_id = $2 where id = $1`, () => pick(wards)],
    [
      `insert into ${schema}.condition (id, patient_id, display, created_by, updated_by) values ($2, $1, $2::text, $2, $2)`,
      uuidv7,
    ],
    [`update ${schema}.allergy set criticality = $2 where patient_id = $1`, () => pick(['low', 'high'])],
  ] as const;
  while (goOn()) {
    await client.query('begin');
    const [sql, value] = pick(statements);
    await client.query(sql, [pick(ids), value()]).catch(() => undefined);
    await delay(randomInt(10) === 0 ? 250 : randomInt(20));
    await client.query(randomInt(6) === 0 ? 'rollback' : 'commit');
  }
  await client.end();
}

async function differences(devices: readonly Device[]): Promise<string[]> {
  const found: string[] = [];
  for (const device of devices) {
    await device.client.sync();
    for (const name of syncEntityNames) {
      const [held, due] = [await device.held(name), await device.due(name)];
      const wrong = held.filter((row) => !due.includes(row)).length + due.filter((row) => !held.includes(row)).length;
      if (wrong > 0) found.push(`${wrong} ${name} of ${device.wardIds.join()}`);
    }
    const { waiting } = await device.client.status();
    if (waiting > 0) found.push(`${waiting} changes wait`);
  }
  return found;
}

describe('devices with the real engine, writers with SQL, a bad network and a service that is killed', () => {
  it(
    'end with what they may hold, and nothing that was written on one is lost or doubled',
    async () => {
      const ids = await Promise.all(Array.from({ length: 8 }, () => hospital.addPatient()));
      for (const id of ids)
        await hospital.rows('update {schema}.patient set ward_id = $2 where id = $1', [id, pick(wards)]);
      const scopes = [[], [], [wards[0]], [wards[1]]];
      const devices = await Promise.all(
        scopes.map(async (wardIds) => new Device(await sync.addUser(hospital, 'doctor', wardIds), wardIds)),
      );
      const until = Date.now() + workMs;
      const goOn = (): boolean => Date.now() < until;
      const all = Promise.all([
        ...devices.map((device) => device.work(goOn)),
        writeSql(ids, goOn),
        writeSql(ids, goOn),
      ]);
      await delay(workMs / 2);
      await ingest.kill();
      ingest = await sync.start({ port });
      await all;
      let left = await differences(devices);
      for (const end = Date.now() + 30_000; left.length > 0 && Date.now() < end; left = await differences(devices))
        await delay(100);
      expect(left).toEqual([]);
      for (const { user, written, client } of devices) {
        const parked = (await client.attention()).filter(
          ({ op, result }) => op.entity === 'notes' && (result.was ?? result.status) === 'rejected',
        );
        const stored = await hospital.count('note', 'created_by = $1', [user.userId]);
        expect(stored + parked.length).toBe(written);
      }
      for (const { client } of devices) await client.close();
    },
    workMs + 90_000,
  );
});
