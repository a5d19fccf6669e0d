import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reachableFolder, serverAccount } from './account.mjs';
import { Failure } from './failure.mjs';
import { ROOT } from './settings.mjs';

export const PNPM = 'pnpm@10.34.9';
const MODULES = join(ROOT, 'node_modules');
const STAMP = join(MODULES, '.hms-installed');

/**
 * Installs what the lockfile names, unless that has been done. Needs nothing but Node and npm.
 * @param {(note: string) => void} note
 * @throws {Failure}
 */
export async function install(note) {
  const wanted = fingerprint();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return note('unchanged');
  const logFile = join(reachableFolder(join(ROOT, '.data'), serverAccount()), 'install.log');
  const code = await runPnpm(['install', '--frozen-lockfile', '--prefer-offline'], logFile);
  if (code !== 0) {
    throw new Failure(`Installing the packages ended with code ${code}.`, {
      advice: 'Check the network and the npm registry of this machine, then start again.',
      logFile,
    });
  }
  writeFileSync(STAMP, wanted);
}

/** The lockfile and the Node it was installed for: native packages depend on both. */
function fingerprint() {
  const lockfile = readFileSync(join(ROOT, 'pnpm-lock.yaml'));
  return createHash('sha256').update(`${process.versions.modules} ${process.arch}\n`).update(lockfile).digest('hex');
}

/**
 * @param {string[]} args
 * @param {string} logFile
 * @returns {Promise<number>}
 */
function runPnpm(args, logFile) {
  const output = openSync(logFile, 'w', 0o600);
  const child = spawn('npx', ['-y', PNPM, ...args], {
    cwd: ROOT,
    stdio: ['ignore', output, output],
    env: { ...process.env, CI: '1', npm_config_update_notifier: 'false' },
  });
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new Failure('npx cannot be run.', { advice: 'Install npm.', cause })));
    child.once('close', (code) => resolve(code ?? 1));
  }).finally(() => closeSync(output));
}
