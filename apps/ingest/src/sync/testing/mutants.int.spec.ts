import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ground } from './ground.js';
import { problemOf, type Stage } from './model.js';
import { type Mutant, mutants, plan } from './mutants.js';
import { patchedIngest, type PatchedIngest, quickly, replacedOnce } from './patched-ingest.js';
import { scratchDatabase, type ScratchDatabase } from './scratch.js';
import type { Worker } from './worker.js';

/** Right code converges well within this, on a busy machine too; wrong code is not given that long. */
const [patienceMs, impatienceMs] = [20_000, 2_000];

let database: ScratchDatabase;
let ground: Ground;
let build: PatchedIngest;
let workers: readonly Worker[];
let rightStep: string;

beforeAll(async () => {
  database = await scratchDatabase();
  ground = await Ground.open(database);
  build = patchedIngest(quickly);
  workers = await Promise.all([ground.startWorker(build.entry), ground.startWorker(build.entry)]);
  rightStep = await ground.feed.step();
}, 60_000);

afterAll(async () => {
  for (const worker of workers) await worker.stop();
  build.remove();
  await ground.close();
  await database.drop();
}, 60_000);

/** What the invariants say of the mutant's course of events when the mutant serves the devices. */
async function found({ step, service, script }: Mutant): Promise<string | undefined> {
  const stage = { ground, withinMs: impatienceMs };
  if (service) return withPatches(service, (worker) => problemOf({ ...stage, workers: [worker] }, plan, script));
  await ground.feed.rebase(typeof step === 'string' ? step : patched(step ?? []));
  try {
    return await problemOf({ ...stage, workers }, plan, script);
  } finally {
    await ground.feed.rebase(rightStep);
  }
}

const patched = (replacements: Exclude<Mutant['step'], string | undefined>): string =>
  replacements.reduce((text, each) => replacedOnce(text, { where: 'sync.relay_step', ...each }), rightStep);

async function withPatches<T>(patches: Mutant['service'], work: (worker: Worker) => Promise<T>): Promise<T> {
  const own = patchedIngest([...quickly, ...(patches ?? [])]);
  try {
    const worker = await ground.startWorker(own.entry);
    return await work(worker).finally(() => worker.stop());
  } finally {
    own.remove();
  }
}

/** Each course of events with the mutants it shows. */
const courses = [...new Set(mutants.map(({ script }) => script))].map((script) => ({
  script,
  names: mutants.flatMap((mutant) => (mutant.script === script ? [mutant.name] : [])).join(' / '),
}));

describe('the invariants', () => {
  it.each(courses)(
    'hold through the course of events of $names',
    async ({ script }) => {
      const right: Stage = { ground, workers, withinMs: patienceMs };
      expect(await problemOf(right, plan, script)).toBeUndefined();
    },
    60_000,
  );

  it.each(mutants)(
    'do not hold for $name',
    async (mutant) => {
      expect(await found(mutant)).toMatch(new RegExp(`\\b${mutant.breaks}\\b`));
    },
    60_000,
  );
});
