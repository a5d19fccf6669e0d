import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseEnvironment } from '../lib/environment.mjs';
import { ROOT } from '../lib/settings.mjs';

/** @import { StackState } from '../lib/state.mjs' */

const MAIN = join(ROOT, 'deploy/local/main.mjs');
const PORT = Number(process.env['HMS_TEST_PORT'] || 18_080) + 100;

/** A stack of databases that the launcher's own tests start, beside any other on this machine. */
export const data = join(ROOT, '.data-launcher');
const env = { ...process.env, HMS_DATA: data, HMS_PORT: String(PORT), HMS_DEMO: '0' };

/**
 * Runs a command of the launcher to its end.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [more]
 */
export function launch(args, more = {}) {
  const result = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', env: { ...env, ...more } });
  return { code: result.status, output: `${result.stdout}${result.stderr}` };
}

/**
 * As `launch`, while this process goes on with its own work.
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, output: string }>}
 */
export function launchAsync(args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: `${stdout}${stderr}` }),
    );
  });
}

/**
 * Runs a command of the launcher in the foreground, and waits until it has printed a text.
 * @param {string[]} args
 * @param {string} text
 */
export async function launchUntil(args, text) {
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  await eventually(() => {
    assert.equal(child.exitCode, null, output);
    return output.includes(text);
  }, 60_000);
  return { child, output: () => output };
}

/** @returns {StackState} */
export function state() {
  return JSON.parse(readFileSync(join(data, 'state.json'), 'utf8'));
}

/** @param {string} name */
export function service(name) {
  const found = state().services.find((one) => one.name === name);
  assert.ok(found, `there is a service ${name}`);
  return found;
}

/**
 * @param {string} path below the control address
 * @param {'GET' | 'POST'} [method]
 */
export function control(path, method = 'POST') {
  return fetch(`${variables()['HMS_CONTROL']}${path}`, { method });
}

export function variables() {
  return parseEnvironment(readFileSync(join(data, 'env'), 'utf8'));
}

/**
 * @param {() => boolean | Promise<boolean>} question
 * @param {number} [ms]
 */
export async function eventually(question, ms = 15_000) {
  const end = performance.now() + ms;
  while (!(await question())) {
    assert.ok(performance.now() < end, `it did not become true within ${ms} ms: ${question}`);
    await delay(50);
  }
}
