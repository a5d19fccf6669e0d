import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runLogged } from '../lib/child.mjs';
import { Failure, messageOf } from '../lib/failure.mjs';
import { build, turbo } from '../lib/build.mjs';
import { ROOT } from '../lib/settings.mjs';

/** @import { Environment } from '../lib/environment.mjs' */

/**
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string[]} problems what failed and why, for a person
 */

/**
 * @typedef {object} Run where a suite works
 * @property {string} logFile for all it prints
 * @property {Environment} env of the stack under test; empty for a suite that needs none
 */

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {boolean} needsStack
 * @property {boolean} [onlyNamed] whether it runs only when it is asked for by name: it needs root, or long
 * @property {(run: Run) => Promise<Outcome>} execute
 */

const MODULES = join(ROOT, 'node_modules');
/** No suite takes this long, unless it hangs: the machine may be slow and busy. */
const LONGEST_MS = 2_400_000;
/** What repeats a run of fuzzing or of kills, set by a person. */
const DRAWN_VARIABLES = ['FUZZ_SEED', 'FUZZ_CASES', 'FUZZ_ROUTE', 'CHAOS_SEED', 'CHAOS_SHARE', 'POWERCUT_ROUNDS'];
const SHOWN_PROBLEMS = 20;
const SHOWN_LINES = 25;

/** Everything else needs what it makes. */
export const buildSuite = check('build', ({ logFile }) => build(() => {}, logFile));

/** In the order they run: what is quick and needs no servers first. @type {Suite[]} */
export const suites = [
  check('types', ({ logFile }) => turbo('typecheck', logFile)),
  check('lint', (run) => tool(run, 'eslint/bin/eslint.js', ['.', '--max-warnings', '0'])),
  check('boundaries', (run) =>
    tool(run, 'dependency-cruiser/bin/dependency-cruise.mjs', [
      '--config',
      '.dependency-cruiser.cjs',
      ...['apps', 'libs', 'test', 'deploy'],
    ]),
  ),
  check('format', (run) => tool(run, 'prettier/bin/prettier.cjs', ['--check', '.'])),
  { name: 'launcher', needsStack: false, execute: (run) => nodeTests(run, 'deploy/local/test') },
  { name: 'bench', needsStack: false, execute: (run) => nodeTests(run, 'test/bench/test') },
  { name: 'unit', needsStack: false, execute: (run) => jest(run, 'unit', 2) },
  { name: 'integration', needsStack: true, execute: (run) => jest(run, 'integration') },
  { name: 'fuzz', needsStack: true, execute: (run) => jest(run, 'fuzz') },
  { name: 'acceptance', needsStack: true, execute: (run) => jest(run, 'acceptance') },
  { name: 'chaos', needsStack: true, execute: (run) => jest(run, 'chaos') },
  { name: 'powercut', needsStack: false, onlyNamed: true, execute: (run) => jest(run, 'powercut') },
];

/**
 * A suite that either passes as a whole or fails.
 * @param {string} name
 * @param {(run: Run) => Promise<void>} work
 * @returns {Suite}
 */
function check(name, work) {
  return {
    name,
    needsStack: false,
    execute: async (run) => {
      try {
        await work(run);
        return { passed: 1, failed: 0, skipped: 0, problems: [] };
      } catch (error) {
        return { passed: 0, failed: 1, skipped: 0, problems: [messageOf(error), ...endOf(run.logFile)] };
      }
    },
  };
}

/**
 * @param {Run} run
 * @param {string} script in node_modules
 * @param {string[]} args
 */
function tool({ logFile, env }, script, args) {
  const command = { file: process.execPath, args: [join(MODULES, script), ...args], env, cwd: ROOT };
  return runLogged(command, { logFile, what: script.split('/')[0] ?? script, limitMs: LONGEST_MS });
}

/**
 * @param {Run} run
 * @param {string} project
 * @param {number} [atOnce] files that run beside each other; those that share servers run one after another
 * @returns {Promise<Outcome>}
 */
async function jest({ logFile, env }, project, atOnce = 1) {
  const outputFile = `${logFile}.json`;
  rmSync(outputFile, { force: true });
  const options = ['--ci', '--colors=false', '--json', `--outputFile=${outputFile}`, `--maxWorkers=${atOnce}`];
  const args = [
    '--experimental-vm-modules',
    '--no-warnings',
    join(MODULES, 'jest/bin/jest.js'),
    ...options,
    '--selectProjects',
    project,
  ];
  const command = { file: process.execPath, args, env: { ...env, ...drawnSettings() }, cwd: ROOT };
  const ended = await endOfRun(command, logFile);
  if (!existsSync(outputFile)) return broken(`jest wrote no result${ended}`, logFile);
  const result = JSON.parse(readFileSync(outputFile, 'utf8'));
  const failed = Number(result.numFailedTests) + Number(result.numRuntimeErrorTestSuites);
  const passed = Number(result.numPassedTests);
  const skipped = Number(result.numPendingTests) + Number(result.numTodoTests);
  if (passed + failed === 0) return broken(`no test was run${ended}`, logFile);
  if (failed === 0 && ended) return { ...broken(`all tests passed, but jest${ended}`, logFile), passed };
  return { passed, failed, skipped, problems: jestProblems(result) };
}

/** @returns {Record<string, string>} */
function drawnSettings() {
  return Object.fromEntries(
    DRAWN_VARIABLES.map((name) => [name, process.env[name] ?? '']).filter(([, value]) => value),
  );
}

/**
 * @param {{ testResults: { name: string, message: string, assertionResults: { status: string, fullName: string, failureMessages: string[] }[] }[] }} result
 * @returns {string[]}
 */
function jestProblems({ testResults }) {
  const problems = testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    const file = name.replace(`${ROOT}/`, '');
    if (failed.length > 0)
      return failed.map((test) => `${file}: ${test.fullName}\n${cut(test.failureMessages.join('\n'))}`);
    return assertionResults.length === 0 && message ? [`${file} did not run\n${cut(message)}`] : [];
  });
  const more = problems.length - SHOWN_PROBLEMS;
  return more > 0 ? [...problems.slice(0, SHOWN_PROBLEMS), `… and ${more} more`] : problems;
}

/**
 * Tests that Node itself runs.
 * @param {Run} run
 * @param {string} path of the folder that holds them
 * @returns {Promise<Outcome>}
 */
async function nodeTests({ logFile, env }, path) {
  const folder = join(ROOT, path);
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.mjs'));
  const args = ['--test', '--test-reporter=tap', ...files.map((name) => join(folder, name))];
  const ended = await endOfRun({ file: process.execPath, args, env, cwd: ROOT }, logFile);
  const text = readFileSync(logFile, 'utf8');
  const count = (/** @type {string} */ what) => Number(new RegExp(`^# ${what} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
  const failed = count('fail') + count('cancelled');
  const passed = count('pass');
  if (passed + failed === 0) return broken(`no test was run${ended}`, logFile);
  if (failed === 0 && ended) return { ...broken(`all tests passed, but node${ended}`, logFile), passed };
  const failures = text.matchAll(/^not ok \d+ - (.*)$[^]*?^ +error: (?:\|-\n +)?(.*)$/gm);
  const problems = [...failures].slice(0, SHOWN_PROBLEMS).map(([, name, why]) => `${name}: ${why}`);
  return { passed, failed, skipped: count('skipped') + count('todo'), problems };
}

/**
 * @param {import('../lib/child.mjs').Command} command
 * @param {string} logFile
 * @returns {Promise<string>} empty when it ended well, else how it ended
 */
async function endOfRun(command, logFile) {
  rmSync(logFile, { force: true });
  try {
    await runLogged(command, { logFile, what: '', limitMs: LONGEST_MS });
    return '';
  } catch (error) {
    if (error instanceof Failure) return error.message.replace(/\.$/, '');
    throw error;
  }
}

/**
 * @param {string} problem
 * @param {string} logFile
 * @returns {Outcome}
 */
function broken(problem, logFile) {
  return { passed: 0, failed: 1, skipped: 0, problems: [problem, ...endOf(logFile)] };
}

/**
 * @param {string} logFile
 * @param {number} [lines]
 */
function endOf(logFile, lines = SHOWN_LINES) {
  return existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines) : [];
}

/** @param {string} text */
const cut = (text) => text.split('\n').slice(0, SHOWN_LINES).join('\n');
