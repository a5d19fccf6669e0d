import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, codeOf } from './failure.mjs';

/** The name of the file that says who holds a data folder. */
export const LOCK = 'lock';

/**
 * @typedef {object} Owner who holds a data folder
 * @property {number} pid
 * @property {string} started in the kernel's clock, because a pid is used again one day
 */

/**
 * Takes the data folder for this process.
 * @param {string} data
 * @returns {() => void} gives it back
 * @throws {Failure} when a living process holds it
 */
export function takeLock(data) {
  const file = join(data, LOCK);
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }), { mode: 0o600 });
  try {
    // A link appears whole or not at all; two tries are enough unless somebody else took the folder meanwhile.
    for (let tries = 0; tries < 2; tries += 1) {
      if (link(mine, file)) return () => rmSync(file, { force: true });
      const holder = lockHolder(data);
      if (holder) {
        throw new Failure(`${data} is in use: pid ${holder.pid} runs there already.`, {
          advice: 'Use what runs, end it with `npm run stop`, or set HMS_DATA and HMS_PORT for a second one.',
        });
      }
      setAside(file, mine);
    }
    throw new Failure(`${data} has just been taken by another start.`, { advice: 'Try again.' });
  } finally {
    rmSync(mine, { force: true });
  }
}

/**
 * @param {string} data
 * @returns {Owner | null} the living process that holds the folder
 */
export function lockHolder(data) {
  const owner = read(join(data, LOCK));
  return owner && startOf(owner.pid) === owner.started ? owner : null;
}

/**
 * @param {number} pid
 * @returns {string} empty when no such process lives
 */
function startOf(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return '';
  }
  try {
    // The name, second and in brackets, may hold blanks. What follows it starts with field 3; the start is field 22.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch {
    return 'unknown';
  }
}

/**
 * @param {string} file
 * @returns {Owner | null}
 */
function read(file) {
  try {
    const { pid, started } = JSON.parse(readFileSync(file, 'utf8'));
    return typeof pid === 'number' && typeof started === 'string' && started !== '' ? { pid, started } : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} from
 * @param {string} to
 */
function link(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes the lock of a dead process; a lock that was taken in between is put back.
 * @param {string} file
 * @param {string} mine
 */
function setAside(file, mine) {
  const aside = `${mine}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const owner = read(aside);
  if (owner && startOf(owner.pid) === owner.started) link(aside, file);
  rmSync(aside, { force: true });
}
