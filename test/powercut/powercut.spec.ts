import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Demo } from '../acceptance/support/stack.js';
import { LedgerSenders } from '../chaos/support/ledger-senders.js';
import { Machine } from './machine.js';

/*
 * A kill leaves the page cache, so it says nothing of durability. Here the power goes: what the disk was not made to write
 * is lost. POWERCUT_ROUNDS says how often.
 */

const rounds = Number(process.env['POWERCUT_ROUNDS'] ?? 20);
const controlRounds = 3;
const machine = new Machine(join(tmpdir(), `hms-powercut-${process.pid}`), 24_080);

interface Round {
  readonly acked: number;
  readonly lost: number;
  readonly doubled: number;
  readonly unalarmed: number;
}

async function withOwner<T>(url: string | undefined, work: (owner: pg.Client) => Promise<T>): Promise<T> {
  const owner = new pg.Client({ connectionString: url ?? '' });
  await owner.connect();
  return work(owner).finally(() => owner.end());
}

/** Sends, cuts the power in the midst of it, starts again and counts. */
async function cut(prepare: (superuser: pg.Client) => Promise<void> = () => Promise.resolve()): Promise<Round> {
  await withOwner(env['DATABASE_SUPERUSER_URL'], prepare);
  const { hospitals } = JSON.parse(readFileSync(env['HMS_DEMO_FILE'] ?? '', 'utf8')) as Demo;
  const senders = hospitals.map((hospital) => new LedgerSenders(env['HMS_BASE_URL'] ?? '', hospital, false));
  await pause(2_000 + Math.random() * 2_000);
  await machine.cutPower();
  await Promise.all(senders.map((each) => each.stop()));
  env = await machine.start();
  return withOwner(env['DATABASE_DIRECT_URL'], async (owner) => {
    const sums = { acked: 0, lost: 0, doubled: 0, unalarmed: 0 };
    for (const each of senders) {
      sums.acked += each.acked.length;
      sums.lost += await each.lost(owner);
      sums.doubled += await each.doubled(owner);
      sums.unalarmed += await each.unalarmed(owner);
    }
    return sums;
  });
}

const total = (all: readonly Round[], key: keyof Round): number => all.reduce((sum, round) => sum + round[key], 0);

let env: Record<string, string> = {};

beforeAll(async () => {
  await machine.build();
  env = await machine.start();
  await machine.settle();
}, 180_000);
afterAll(() => machine.stop(), 60_000);

it(
  `${rounds} power cuts lose nothing that was acknowledged, and no alarm of a critical reading`,
  async () => {
    const all: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      all.push(await cut());
      process.stdout.write(`powercut: round ${round + 1} ${JSON.stringify(all.at(-1))}\n`);
    }
    expect([total(all, 'lost'), total(all, 'doubled'), total(all, 'unalarmed')]).toEqual([0, 0, 0]);
    expect(total(all, 'acked')).toBeGreaterThan(rounds * 1_000);
  },
  rounds * 120_000,
);

it(
  'lose something where commits do not wait for the disk (control)',
  async () => {
    const all: Round[] = [];
    while (all.length < controlRounds && total(all, 'lost') === 0) {
      all.push(
        await cut(async (superuser) => {
          await superuser.query('alter system set synchronous_commit = off');
          await superuser.query(`alter system set wal_writer_delay = '10s'`);
          await superuser.query('select pg_reload_conf()');
        }),
      );
      process.stdout.write(`powercut: without waiting ${JSON.stringify(all.at(-1))}\n`);
    }
    expect(total(all, 'lost')).toBeGreaterThan(0);
  },
  controlRounds * 120_000,
);
