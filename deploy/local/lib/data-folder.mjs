import { readdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { LOCK } from './lock.mjs';

/** Downloaded servers may lie in a data folder; other stacks use them too. */
const SERVERS = 'servers';

/**
 * Deletes what a stack keeps, but neither its lock nor downloaded servers.
 * @param {string} data
 * @throws {Failure} when the folder holds something else: a mistyped name must not cost somebody a home folder
 */
export function emptyDataFolder(data) {
  const folder = realpathSync(data);
  const names = readdirSync(folder).filter((name) => name !== LOCK && name !== SERVERS);
  if (names.length > 0 && !(names.includes('log') && names.includes('conf'))) {
    throw new Failure(`${data} holds something else than the data of HMS.`, { advice: 'Name another folder.' });
  }
  for (const name of names) rmSync(join(folder, name), { recursive: true, force: true });
}
