import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { variable } from '../../testing/environment.js';
import { Backup, type RestoredServer } from '../../testing/restored-server.js';
import type { Command, Plan } from './commands.js';
import { Ground } from './ground.js';
import { assertInvariants } from './oracle.js';
import { patchedIngest, type PatchedIngest, quickly } from './patched-ingest.js';
import type { Worker } from './worker.js';
import { World } from './world.js';

const plan: Plan = {
  phones: [
    { role: 'doctor', wards: [] },
    { role: 'nurse', wards: [0] },
    { role: 'nurse', wards: [0, 1] },
  ],
};
const everybody = [0, 1, 2];
/** Right code converges well within this, on a busy machine too; wrong code is not given that long. */
const [patienceMs, impatienceMs] = [20_000, 3_000];

const sync: Command = { do: 'sync', phones: everybody, worker: 0, fates: [] };
/** What people do on devices, what somebody does with SQL, and everybody hears of it. */
const lives: readonly Command[] = [
  ...everybody.flatMap((phone) =>
    (['note', 'phone', 'allergy', 'observation'] as const).map((edit): Command => ({
      do: 'edit',
      phone,
      edit,
      patient: phone,
    })),
  ),
  { do: 'sql', writer: 0, change: 'name', patient: 0, ward: 0 },
  { do: 'sql', writer: 0, change: 'note', patient: 1, ward: 0 },
  { do: 'end', writer: 0, how: 'commit' },
  sync,
  { do: 'relay', rows: [20] },
  sync,
  sync,
];

let ground: Ground;
let build: PatchedIngest;
let worker: Worker;
let restored: RestoredServer | undefined;

beforeEach(async () => {
  ground = await Ground.open({
    owner: variable('DATABASE_DIRECT_URL'),
    ingest: variable('INGEST_DATABASE_DIRECT_URL'),
  });
  build = patchedIngest(quickly);
  worker = await ground.startWorker(build.entry);
}, 60_000);

afterEach(async () => {
  await worker.stop();
  build.remove();
  await ground.moveTo({ owner: variable('DATABASE_DIRECT_URL'), ingest: variable('INGEST_DATABASE_DIRECT_URL') });
  await restored?.stop();
  await ground.close();
}, 60_000);

/**
 * Devices sync, the database is saved, they sync on, and the database is lost: what goes on is the one that was saved, as
 * after a promotion of a standby that lacked the end. @param before is executed there before anything else is
 */
async function goesBack(before: string, withinMs: number): Promise<string | undefined> {
  const world = await World.create(ground, [worker], plan);
  const happen = async (commands: readonly Command[]): Promise<void> => {
    for (const command of commands) await world.happens(command);
  };
  await happen([sync, ...lives]);
  const backup = await Backup.take();
  await happen([...lives, ...lives, ...lives]);
  restored = await backup.restore();
  await ground.moveTo({
    owner: restored.url('DATABASE_DIRECT_URL'),
    ingest: restored.url('INGEST_DATABASE_DIRECT_URL'),
  });
  await ground.sides[0].hospital.rows(before);
  world.witness.databaseForgot();
  worker.movesTo(restored.url('INGEST_DATABASE_DIRECT_URL'));
  try {
    await happen([sync, ...lives]);
    await assertInvariants(world, withinMs);
    return undefined;
  } catch (err) {
    return String(err);
  }
}

(Backup.isPossible ? describe : describe.skip)('a database that goes back to an earlier moment', () => {
  it('gets again what devices were told was saved, and tells them all it has', async () => {
    expect(await goesBack('select 1', patienceMs)).toBeUndefined();
  }, 120_000);

  it('does so too where nothing but what was told shows that it went back', async () => {
    const unchanged = `create or replace function sync.server() returns text language sql as
                         'select timeline from sync.relay'`;
    expect(await goesBack(unchanged, patienceMs)).toBeUndefined();
  }, 120_000);

  it('control: whoever takes the feed for the same as before misses changes', async () => {
    const blind = `create or replace function sync.begin_epoch(server text) returns void language sql as
                     'update sync.relay set timeline = server';
                   create or replace function sync.renew_feed(lost uuid) returns void language sql as ''`;
    expect(await goesBack(blind, impatienceMs)).toMatch(/\bI[14]\b/);
  }, 120_000);
});
