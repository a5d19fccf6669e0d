import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLogged } from '../lib/child.mjs';
import { demoFile } from '../lib/environment.mjs';
import { CLI_SCRIPT, ROOT } from '../lib/settings.mjs';

/** @import { Stack } from '../stack.mjs' */

/**
 * @typedef {object} Demo what a client developer needs, as `hms demo seed` writes it
 * @property {string} baseUrl
 * @property {{ name: string, slug: string, users: { role: string, email: string, password: string }[] }[]} hospitals
 */

/** @param {Stack} stack */
export function migrate(stack) {
  return runCli(stack, ['migrate'], 'migrate');
}

/**
 * Seeds the demo when that has not been done, or was done for another port.
 * @param {Stack} stack
 * @param {(note: string) => void} note
 */
export async function seedDemo(stack, note) {
  const { data } = stack.place;
  if (readDemo(data)?.baseUrl === stack.env['HMS_BASE_URL']) return note('unchanged');
  await runCli(stack, ['demo', 'seed', '--out', demoFile(data)], 'demo');
}

/**
 * @param {string} data
 * @returns {Demo | null}
 */
export function readDemo(data) {
  const file = demoFile(data);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

/**
 * @param {Stack} stack
 * @param {string[]} args
 * @param {string} log name of its log
 */
async function runCli({ env, place }, args, log) {
  await runLogged(
    { file: process.execPath, args: [CLI_SCRIPT, ...args], env, cwd: ROOT },
    { logFile: join(place.data, 'log', `${log}.log`), what: `hms ${args.slice(0, 2).join(' ')}` },
  );
}
