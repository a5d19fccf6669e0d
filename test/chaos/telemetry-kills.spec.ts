import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { baseUrl, hospitalA, hospitalB, required } from '../acceptance/support/stack.js';
import { kill } from './support/kill.js';
import { LedgerSenders } from './support/ledger-senders.js';

/*
 * Monitors send batches through Nginx, some of them critical, while ingest, PgBouncer and PostgreSQL are killed at random
 * moments. A batch without an answer is sent again, as the documents tell integrators. CHAOS_SEED draws the same order
 * and pauses again; CHAOS_SHARE=1 kills as often as a release is tried, 50, 20 and 20 times.
 */

const seed = Number(process.env['CHAOS_SEED'] ?? randomInt(2 ** 31));
const share = Number(process.env['CHAOS_SHARE'] ?? 0.15);
const often = (victim: string, times: number): string[] => Array<string>(Math.ceil(times * share)).fill(victim);
const victims = [...often('ingest', 50), ...often('pgbouncer', 20), ...often('postgres', 20)];
const draw = <T>(from: fc.Arbitrary<T>, count: number): T[] => fc.sample(from, { seed, numRuns: count });
const [kills = []] = draw(fc.shuffledSubarray(victims, { minLength: victims.length }), 1);
const pausesMs = draw(fc.integer({ min: 50, max: 1_000 }), kills.length);
const owner = new pg.Client({ connectionString: required('DATABASE_DIRECT_URL') });
let senders: LedgerSenders[];

beforeAll(() => {
  process.stdout.write(`chaos: CHAOS_SEED=${seed} CHAOS_SHARE=${share} kills ${kills.join(' ')}\n`);
});

afterAll(() => owner.end());

describe(`${kills.length} kills of ingest, PgBouncer and PostgreSQL under load`, () => {
  beforeAll(async () => {
    senders = [hospitalA, hospitalB].map((hospital) => new LedgerSenders(baseUrl, hospital, true));
    for (const [index, victim] of kills.entries()) {
      await pause(pausesMs[index]);
      await kill(victim);
    }
    await Promise.all(senders.map((each) => each.stop()));
    await owner.connect();
  }, 900_000);

  it('let the monitors send on', () => {
    const acked = senders.reduce((sum, each) => sum + each.acked.length, 0);
    process.stdout.write(`chaos: ${acked} readings acknowledged\n`);
    expect(acked).toBeGreaterThan(5_000);
  });

  it('lose nothing that was acknowledged', async () => {
    for (const each of senders) expect(await each.lost(owner)).toBe(0);
  });

  it('store nothing twice, however often it was sent', async () => {
    for (const each of senders) expect(await each.doubled(owner)).toBe(0);
  });

  it('leave no critical reading without its alarm', async () => {
    for (const each of senders) expect(await each.unalarmed(owner)).toBe(0);
  });
});
