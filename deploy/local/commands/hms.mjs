import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { environmentFile, parseEnvironment } from '../lib/environment.mjs';
import { Failure } from '../lib/failure.mjs';
import { CLI_SCRIPT, readSettings } from '../lib/settings.mjs';

/** @import { Run } from '../main.mjs' */

/** The platform's command line, with the addresses and passwords of the stack in the data folder. @type {Run} */
export async function run(args) {
  const file = environmentFile(readSettings(process.env).data);
  if (!existsSync(file) || !existsSync(CLI_SCRIPT)) {
    throw new Failure('There is no hospital here yet.', { advice: 'Start one first: npm start' });
  }
  const child = spawn(process.execPath, ['--enable-source-maps', CLI_SCRIPT, ...withoutDashes(args)], {
    stdio: 'inherit',
    // npm runs this in the project's folder; paths are meant from where the person is.
    cwd: process.env['INIT_CWD'] ?? process.cwd(),
    env: { ...process.env, ...parseEnvironment(readFileSync(file, 'utf8')) },
  });
  // The terminal tells the child about Ctrl-C by itself; whatever ends this process otherwise is passed on.
  process.on('SIGINT', () => {});
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

/** @param {string[]} args */
const withoutDashes = (args) => (args[0] === '--' ? args.slice(1) : args);
