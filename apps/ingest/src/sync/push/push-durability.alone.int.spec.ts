/* Alone: it ends whatever backends ingest services use for sync. */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SyncResponse } from '@hms/contracts';
import pg from 'pg';
import { variable } from '../../testing/environment.js';
import { TestHospital } from '../../testing/test-hospital.js';
import type { TestIngest } from '../../testing/test-ingest.js';
import { type SentOp, TestPhone, TestSync } from '../../testing/test-sync.js';

let sync: TestSync;
let hospital: TestHospital;
let patientId: string;
const port = randomInt(20_000, 32_000);

beforeAll(async () => {
  sync = await TestSync.open();
  hospital = await TestHospital.create();
  patientId = await hospital.addPatient();
}, 60_000);

afterAll(async () => {
  sync.close();
  await hospital.drop();
});

/** Ends the connections that work for sync: nobody but a superuser sees what others ask. @returns how many */
async function endBackends(): Promise<number> {
  const superuser = new pg.Client(variable('DATABASE_SUPERUSER_URL'));
  await superuser.connect();
  try {
    const { rowCount } = await superuser.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'hms_ingest' and query ilike '%sync%'`,
    );
    return rowCount ?? 0;
  } finally {
    await superuser.end();
  }
}

/** A phone that sends what was not answered again, with the same numbers and ids, until it is. */
class Persistent {
  readonly acked = new Set<string>();
  #waiting: SentOp[] = [];

  constructor(readonly phone: TestPhone) {}

  async work(goOn: () => boolean): Promise<void> {
    while (goOn() || this.#waiting.length > 0) {
      if (goOn() && this.#waiting.length < 40) this.#write();
      const results = await this.#send();
      for (const { op, status, was } of results) {
        expect(['applied', 'duplicate']).toContain(status);
        expect(was ?? 'applied').toBe('applied');
        this.acked.add(op);
      }
      this.#waiting = this.#waiting.filter(({ op }) => !this.acked.has(op));
    }
  }

  #write(): void {
    const patch = { patientId, kind: 'nursing', text: 'Seen.' };
    for (let n = randomInt(1, 6); n > 0; n--) this.#waiting.push(this.phone.op({ entity: 'notes', patch }));
  }

  async #send(): Promise<SyncResponse['results']> {
    const sent = this.#waiting.slice(0, randomInt(1, 30));
    try {
      const { status, body } = await this.phone.push(sent);
      if (status === 200) return body.results;
    } catch {
      // No answer: it may have been stored, or not.
    }
    await delay(20);
    return [];
  }
}

describe('a service that is killed, and a database that loses its connections, while phones push', () => {
  it('store each change that was answered once, and none twice', async () => {
    let ingest: TestIngest = await sync.start({ port });
    const phones = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const phone = new TestPhone(ingest, await sync.addUser(hospital, 'nurse'));
        await phone.register();
        return new Persistent(phone);
      }),
    );
    let working = true;
    let ended = 0;
    const work = Promise.all(phones.map((phone) => phone.work(() => working)));
    for (let round = 0; round < 6; round++) {
      await delay(randomInt(100, 500));
      if (round % 2 === 0) {
        await ingest.kill();
        ingest = await sync.start({ port });
      } else {
        ended += await endBackends();
      }
    }
    working = false;
    await work;
    await ingest.stop();
    expect(ended).toBeGreaterThan(0);
    const written = phones.reduce((sum, { phone }) => sum + phone.seq, 0);
    const acked = phones.flatMap((phone) => [...phone.acked]);
    expect(acked).toHaveLength(written);
    const [stored] = await hospital.rows<{ notes: number; ops: number; found: number }>(
      `select (select count(*)::int from {schema}.note) as notes, count(*)::int as ops,
              count(*) filter (where op_id = any ($2::uuid[]))::int as found
         from sync.op where hospital_id = $1`,
      [hospital.hospital.id, acked],
    );
    expect(stored).toEqual({ notes: written, ops: written, found: written });
    const heights = await hospital.rows<{ last_seq: string }>(
      'select last_seq from sync.device where hospital_id = $1',
      [hospital.hospital.id],
    );
    expect(heights.reduce((sum, { last_seq: last }) => sum + Number(last), 0)).toBe(written);
  }, 90_000);
});
