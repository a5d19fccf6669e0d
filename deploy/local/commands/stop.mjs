import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../lib/failure.mjs';
import { lockHolder } from '../lib/lock.mjs';
import { readSettings } from '../lib/settings.mjs';

/** @import { Run } from '../main.mjs' */

const LONGEST_MS = 60_000;

/** @type {Run} */
export async function run(_args, report) {
  const { data } = readSettings(process.env);
  const holder = lockHolder(data);
  if (!holder) {
    report.print(`  Nothing runs with ${data}.`);
    return 0;
  }
  await report.step('stop', async () => {
    process.kill(holder.pid, 'SIGTERM');
    const end = performance.now() + LONGEST_MS;
    while (lockHolder(data)?.pid === holder.pid) {
      if (performance.now() > end) {
        throw new Failure(`pid ${holder.pid} has not stopped after ${LONGEST_MS / 1000} s.`, {
          advice: `End it with: kill -9 ${holder.pid} (its servers end with it).`,
        });
      }
      await delay(50);
    }
  });
  return 0;
}
