import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { reachableFolder, serverAccount } from '../lib/account.mjs';
import { Report } from '../lib/report.mjs';
import { openStack } from '../stack.mjs';

/** @import { Settings } from '../lib/settings.mjs' */
/** @import { Stack } from '../stack.mjs' */

/** npm passes a Ctrl-C on to a child that the terminal has told already: only a later one means "at once". */
const SAME_KEY_MS = 1000;

/**
 * Runs a stack until it is asked to stop.
 * @param {Settings} settings
 * @param {Report} report
 * @param {(stack: Stack) => Promise<void>} bringUp
 * @returns {Promise<number>} exit code
 */
export async function hold(settings, report, bringUp) {
  const told = listening(report);
  try {
    const stack = await openStack(settings, told);
    return await runUntilAsked(stack, bringUp(stack));
  } catch (error) {
    told.failure(error);
    return 1;
  } finally {
    if (process.connected) process.disconnect();
  }
}

/**
 * @param {Stack} stack
 * @param {Promise<void>} up
 * @returns {Promise<number>} exit code
 */
async function runUntilAsked(stack, up) {
  const { report, supervisor } = stack;
  const asked = onStopSignal(report, () => supervisor.killAll());
  const ready = up.then(() => {
    stack.declareReady();
    tellParent({ ready: true });
  });
  let code = 0;
  try {
    if ((await Promise.race([ready, asked])) !== 'asked') await asked;
  } catch (error) {
    report.failure(error);
    code = 1;
  }
  report.print('  Stopping …');
  const began = performance.now();
  await stack.stop();
  report.print(`  Stopped in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
  return code;
}

/**
 * Runs the same command in the background and returns once it is ready, or has failed.
 * @param {Settings} settings
 * @param {Report} report
 * @param {string} command
 * @returns {Promise<number>} exit code
 */
export async function detach(settings, report, command) {
  const logDir = join(reachableFolder(settings.data, serverAccount()), 'log');
  mkdirSync(logDir, { recursive: true, mode: 0o700 });
  const output = openSync(join(logDir, 'launcher.log'), 'a', 0o600);
  const child = spawn(process.execPath, [process.argv[1] ?? '', command], {
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
  });
  closeSync(output);
  void onStopSignal(report, () => child.kill('SIGKILL')).then(() => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
    child.on('message', (/** @type {{ line?: string, ready?: boolean }} */ message) => {
      if (message.line !== undefined) report.print(message.line);
      if (message.ready !== true) return;
      child.disconnect();
      child.unref();
      resolve(0);
    });
  });
}

/**
 * @param {Report} report
 * @param {() => void} force what a second request does
 * @returns {Promise<'asked'>} settles at the first
 */
export function onStopSignal(report, force) {
  return new Promise((resolve) => {
    let first = 0;
    const heard = () => {
      if (first === 0) {
        first = performance.now();
        resolve('asked');
      } else if (performance.now() - first > SAME_KEY_MS) {
        report.print('  Ending everything now.');
        force();
      }
    };
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, heard);
  });
}

/**
 * In the background, what is reported also goes to the process that waits for the start.
 * @param {Report} report
 */
function listening(report) {
  if (!process.connected) return report;
  return new Report((line) => {
    report.print(line);
    tellParent({ line });
  }, report.hint);
}

/** @param {{ line?: string, ready?: boolean }} message */
function tellParent(message) {
  if (process.connected) process.send?.(message, undefined, {}, () => {});
}
