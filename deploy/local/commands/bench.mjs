import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bringUpAll, buildAll, providePeers } from '../bring-up.mjs';
import { ROOT, UNLIMITED_FACTOR, readSettings } from '../lib/settings.mjs';
import { openStack } from '../stack.mjs';
import { onStopSignal } from './hold.mjs';

/** @import { Run } from '../main.mjs' */
/** @import { Stack } from '../stack.mjs' */
/** @import { Environment } from '../lib/environment.mjs' */

const INTERRUPTED = 130;

/** Measures a stack of its own, without a simulator that would compete. @type {Run} */
export async function run(args, report) {
  const settings = readSettings(process.env, {
    dataVariable: 'HMS_BENCH_DATA',
    data: '.data-bench',
    portVariable: 'HMS_BENCH_PORT',
    port: 28_080,
  });
  const stack = await openStack({ ...settings, demo: true, rateLimitFactor: UNLIMITED_FACTOR }, report, {
    fresh: true,
  });
  const asked = onStopSignal(report, () => process.exit(INTERRUPTED)).then(() => INTERRUPTED);
  return await Promise.race([bringUpAndMeasure(stack, args), asked]).finally(() => stack.stop());
}

/**
 * @param {Stack} stack
 * @param {string[]} args
 */
async function bringUpAndMeasure(stack, args) {
  await buildAll(stack);
  await bringUpAll(stack, { simulator: false });
  const peers = needsPeers(args) ? await providePeers(stack) : {};
  stack.declareReady();
  stack.report.print('');
  return measure(args, {
    ...stack.env,
    HMS_SERVERS: stack.settings.downloads,
    HMS_BENCH_PEERS: JSON.stringify(peers),
  });
}

/** Only one scenario has them, and they are much to download. @param {string[]} args */
const needsPeers = (args) => args.includes('batches') || args.every((arg) => arg.startsWith('-'));

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
