import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLogged } from './child.mjs';
import { PNPM } from './install.mjs';
import { ROOT } from './settings.mjs';

const STAMP = join(ROOT, 'node_modules', '.hms-built');
const SHARED = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'tsconfig.base.json', 'turbo.json', 'prisma'];
const MADE = new Set(['node_modules', 'dist', 'generated', '.turbo']);

/**
 * Builds every package, unless no source has changed since the last time.
 * @param {(note: string) => void} note
 * @param {string} logFile
 */
export async function build(note, logFile) {
  const packages = workspacePackages();
  const wanted = fingerprint(packages);
  const complete = packages.every((folder) => existsSync(join(folder, 'dist')));
  if (complete && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return note('unchanged');
  await turbo('build', logFile);
  writeFileSync(STAMP, wanted);
}

/**
 * Runs one task of every package. Turbo calls pnpm by its name, which a newcomer does not have.
 * @param {string} task
 * @param {string} logFile
 */
export async function turbo(task, logFile) {
  const args = ['-y', '--prefer-offline', `--package=${PNPM}`, `--call=node_modules/.bin/turbo run ${task}`];
  const env = { ...definedEnvironment(), CI: '1', TURBO_TELEMETRY_DISABLED: '1', npm_config_update_notifier: 'false' };
  const advice = 'Correct what the log shows.';
  await runLogged({ file: 'npx', args, cwd: ROOT, env }, { logFile, what: `turbo run ${task}`, advice });
}

/** @returns {string[]} folders of the packages that are built */
function workspacePackages() {
  return ['apps', 'libs'].flatMap((group) =>
    readdirSync(join(ROOT, group))
      .map((name) => join(ROOT, group, name))
      .filter((folder) => existsSync(join(folder, 'package.json'))),
  );
}

/**
 * @param {string[]} packages
 * @returns {string}
 */
function fingerprint(packages) {
  const hash = createHash('sha256');
  const add = (/** @type {string} */ path) => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) if (!MADE.has(name)) add(join(path, name));
    } else hash.update(path).update('\0').update(readFileSync(path)).update('\0');
  };
  for (const path of [...SHARED.map((name) => join(ROOT, name)), ...packages]) add(path);
  return hash.digest('hex');
}

/** @returns {Record<string, string>} */
function definedEnvironment() {
  const defined = Object.entries(process.env).filter(
    /** @returns {entry is [string, string]} */ (entry) => entry[1] !== undefined,
  );
  return Object.fromEntries(defined);
}
