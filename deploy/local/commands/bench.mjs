import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bringUpAll } from '../bring-up.mjs';
import { ROOT, readSettings } from '../lib/settings.mjs';
import { openStack } from '../stack.mjs';
import { onStopSignal } from './hold.mjs';

/** @import { Run } from '../main.mjs' */
/** @import { Environment } from '../lib/environment.mjs' */

/** Measures a stack of its own, without a simulator that would compete. @type {Run} */
export async function run(args, report) {
  const settings = readSettings(process.env, {
    dataVariable: 'HMS_BENCH_DATA',
    data: '.data-bench',
    portVariable: 'HMS_BENCH_PORT',
    port: 28_080,
  });
  const stack = await openStack({ ...settings, demo: true }, report, { fresh: true });
  const stopping = onStopSignal(report, () => process.exit(130)).then(() => 130);
  try {
    await bringUpAll(stack, { simulator: false });
    stack.declareReady();
    report.print('');
    return await Promise.race([measure(args, stack.env), stopping]);
  } finally {
    await stack.stop();
  }
}

/**
 * @param {string[]} args
 * @param {Environment} env
 * @returns {Promise<number>} exit code
 */
function measure(args, env) {
  const child = spawn(process.execPath, [join(ROOT, 'test/bench/main.mjs'), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
