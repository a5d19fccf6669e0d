import { readFileSync, readdirSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever the kernel's own tick. */
const TICKS_PER_SECOND = 100;

/**
 * CPU seconds spent so far by processes and all their descendants, those that ended included.
 * @param {readonly number[]} roots process ids
 * @returns {number} 0 for processes that are gone
 */
export function cpuSeconds(roots) {
  const children = childrenByParent();
  let ticks = 0;
  const left = [...roots];
  for (let pid = left.pop(); pid !== undefined; pid = left.pop()) {
    ticks += ownTicks(pid);
    left.push(...(children.get(pid) ?? []));
  }
  return ticks / TICKS_PER_SECOND;
}

/**
 * CPU seconds of the whole machine since it started.
 * @returns {{ busy: number, stolen: number }} `busy` is everything but idle and waiting; `stolen` went to other guests
 */
export function machineCpuSeconds() {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number);
  return { busy: (user + nice + system + irq + softirq) / TICKS_PER_SECOND, stolen: steal / TICKS_PER_SECOND };
}

/** @returns {Map<number, number[]>} */
function childrenByParent() {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(statFields(Number(name))[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

/**
 * @param {number} pid
 * @returns {number} user and system time, its own and that of children it has waited for
 */
function ownTicks(pid) {
  const fields = statFields(pid);
  return [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i] ?? 0), 0);
}

/**
 * The fields of /proc/<pid>/stat after the name, which may hold blanks: state, parent, …
 * @param {number} pid
 * @returns {string[]} empty when the process is gone
 */
function statFields(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
