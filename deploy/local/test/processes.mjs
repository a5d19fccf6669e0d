import { readFileSync, readdirSync } from 'node:fs';

/**
 * @typedef {object} Process
 * @property {number} pid
 * @property {number} parent
 * @property {string} started
 * @property {string} name
 */

/** @returns {Process[]} the process table, without zombies */
export function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const text = readFileSync(`/proc/${name}/stat`, 'utf8');
        const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
        if (fields[0] === 'Z') return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return [{ pid: Number(name), parent: Number(fields[1]), started: fields[19] ?? '', name: command }];
      } catch {
        return [];
      }
    });
}

/**
 * @param {number} pid
 * @returns {Process[]} all processes below it
 */
export function descendants(pid) {
  const table = processes();
  /** @type {Process[]} */
  const found = [];
  for (const parents = [pid]; parents.length > 0;) {
    const parent = parents.pop();
    const children = table.filter((one) => one.parent === parent);
    found.push(...children);
    parents.push(...children.map((one) => one.pid));
  }
  return found;
}

/**
 * @param {Process[]} known
 * @returns {Process[]} those that still live
 */
export function living(known) {
  const table = processes();
  return known.filter(({ pid, started }) => table.some((one) => one.pid === pid && one.started === started));
}
