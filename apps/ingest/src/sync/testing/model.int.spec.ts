import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { variable } from '../../testing/environment.js';
import { Ground } from './ground.js';
import { invariantsHold } from './model.js';
import { asBuilt, patchedIngest, type PatchedIngest, quickly } from './patched-ingest.js';
import type { Worker } from './worker.js';

/*
 * SYNC_MODEL_SEED draws the same again; SYNC_MODEL_MINUTES, or SYNC_MODEL_RUNS, says how long to go on.
 */

const seed = Number(process.env['SYNC_MODEL_SEED'] ?? randomInt(2 ** 31));
const runs = process.env['SYNC_MODEL_RUNS'];
const workMs = Number(process.env['SYNC_MODEL_MINUTES'] ?? 0.25) * 60_000;
const withinMs = 20_000;
const shrinkForMs = 90_000;
/** More than are ever reached in the time. */
const numRuns = Number(runs ?? Math.ceil(workMs / 200));

let ground: Ground;
let workers: Worker[] = [];
let builds: PatchedIngest[];

beforeAll(async () => {
  process.stdout.write(`sync-model: SYNC_MODEL_SEED=${seed}\n`);
  ground = await Ground.open({ owner: variable('DATABASE_DIRECT_URL'), ingest: variable('INGEST_DATABASE_URL') });
  builds = [patchedIngest(asBuilt), patchedIngest(quickly)];
  workers = await Promise.all(builds.map(({ entry }) => ground.startWorker(entry)));
}, 60_000);

afterAll(async () => {
  for (const worker of workers) await worker.stop();
  for (const build of builds) build.remove();
  await ground.close();
}, 60_000);

describe('devices, writers with SQL and two workers, whatever happens to them and between them', () => {
  it(
    'agree in the end: I1 to I10 hold',
    async () => {
      const until = runs === undefined ? performance.now() + workMs : Infinity;
      const tally = new Map<string, number>();
      const property = invariantsHold({ ground, workers, withinMs }, { maxCommands: 40, until, shrinkForMs, tally });
      await fc.assert(property, { seed, numRuns });
      process.stdout.write(`sync-model: ${[...tally].map(([what, times]) => `${times} ${what}`).join(', ')}\n`);
    },
    // A counterexample takes its time: each attempt to make it smaller waits for devices that do not converge.
    (runs === undefined ? workMs : Number(runs) * 10_000) + shrinkForMs + 3 * withinMs,
  );
});
