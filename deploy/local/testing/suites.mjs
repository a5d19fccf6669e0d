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

/**
 * @typedef {object} JestResult what `jest --json` writes
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {number} numRuntimeErrorTestSuites
 * @property {{ name: string, status: string, message: string, assertionResults: { status: string, fullName: string, failureMessages: string[] }[] }[]} testResults
 */

const MODULES = join(ROOT, 'node_modules');
/** No suite takes this long, unless it hangs: the machine may be slow and busy. */
const LONGEST_MS = 2_400_000;
/** What repeats, or prolongs, a run of what is drawn, set by a person. */
export const DRAWN_VARIABLES = [
  ...['FUZZ_SEED', 'FUZZ_CASES', 'FUZZ_ROUTE', 'CHAOS_SEED', 'CHAOS_SHARE', 'POWERCUT_ROUNDS'],
  ...['SYNC_MODEL_SEED', 'SYNC_MODEL_RUNS', 'SYNC_MODEL_MINUTES', 'SYNC_MODEL_SECONDS'],
  ...['SYNC_COMPAT_SEED', 'SYNC_COMPAT_SECONDS', 'HMS_FUZZ_RUNS', 'HMS_BOOKING_HISTORIES', 'REMINDERS'],
];
/** One after another: the types of all at once take more memory than Node gives itself. */
const LINTED = [
  ['apps/api'],
  ['apps/ingest'],
  ['.', '--ignore-pattern', 'apps/api', '--ignore-pattern', 'apps/ingest'],
];
/** More files than this do not fail by accident. */
const REPEATED_FILES = 6;
const SHOWN_PROBLEMS = 20;
const SHOWN_LINES = 25;

/** Everything else needs what it makes. */
export const buildSuite = check('build', ({ logFile }) => build(() => {}, logFile));

/** In the order they run: what is quick and needs no servers first. @type {Suite[]} */
export const suites = [
  check('types', ({ logFile }) => turbo('typecheck --only', logFile)),
  check('lint', async (run) => {
    for (const part of LINTED) await tool(run, 'eslint/bin/eslint.js', [...part, '--max-warnings', '0']);
  }),
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
  { name: 'integration', needsStack: true, execute: (run) => jestTwice(run, 'integration', 2) },
  { name: 'alone', needsStack: true, execute: (run) => jestTwice(run, 'alone') },
  { name: 'fuzz', needsStack: true, execute: (run) => jest(run, 'fuzz') },
  { name: 'sync-model', needsStack: true, execute: (run) => jest(run, 'sync-model') },
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
 * @param {number} [atOnce] files that run beside each other
 * @returns {Promise<Outcome>}
 */
async function jest(run, project, atOnce = 1) {
  const { result, ended } = await jestRun(run, ['--selectProjects', project, `--maxWorkers=${atOnce}`]);
  return result ? jestOutcome(result, ended, run) : broken(`jest wrote no result${ended}`, run.logFile);
}

/**
 * A few files that failed run once more, by themselves: many of these tests race real servers against the clock, which a
 * busy machine loses now and then. What passes only then is named, and what fails twice has failed.
 * @param {Run} run
 * @param {string} project
 * @param {number} [atOnce] files that run beside each other at the first attempt
 * @returns {Promise<Outcome>}
 */
async function jestTwice(run, project, atOnce = 1) {
  const options = ['--selectProjects', project];
  const { result, ended } = await jestRun(run, [...options, `--maxWorkers=${atOnce}`]);
  if (!result) return broken(`jest wrote no result${ended}`, run.logFile);
  const failed = result.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
  if (failed.length === 0 || failed.length > REPEATED_FILES) return jestOutcome(result, ended, run);
  const logFile = run.logFile.replace(/\.log$/, '-again.log');
  const again = await jestRun({ ...run, logFile }, [...options, '--maxWorkers=1', '--runTestsByPath', ...failed]);
  if (!again.result) return jestOutcome(result, ended, run);
  const first = { ...result, testResults: result.testResults.filter(({ name }) => failed.includes(name)) };
  const second = jestOutcome(again.result, again.ended, { ...run, logFile });
  const before = jestProblems(first).map((problem) => `at the first attempt: ${problem}`);
  const unrepeated = result.testResults.filter(({ name }) => !failed.includes(name));
  const passed = unrepeated.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'passed'),
  );
  return { ...second, passed: passed.length + second.passed, problems: [...before, ...second.problems] };
}

/**
 * @param {Run} run
 * @param {string[]} options
 * @returns {Promise<{ result: JestResult | undefined, ended: string }>} the result, if one was written, and how it ended
 */
async function jestRun({ logFile, env }, options) {
  const outputFile = `${logFile}.json`;
  rmSync(outputFile, { force: true });
  const args = [
    '--experimental-vm-modules',
    '--no-warnings',
    join(MODULES, 'jest/bin/jest.js'),
    ...['--ci', '--colors=false', '--json', `--outputFile=${outputFile}`],
    ...options,
  ];
  const command = { file: process.execPath, args, env: { ...env, ...drawnSettings() }, cwd: ROOT };
  const ended = await endOfRun(command, logFile);
  return { result: existsSync(outputFile) ? JSON.parse(readFileSync(outputFile, 'utf8')) : undefined, ended };
}

/**
 * @param {JestResult} result
 * @param {string} ended how the process ended, empty when it ended well
 * @param {Run} run
 * @returns {Outcome}
 */
function jestOutcome(result, ended, { logFile }) {
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  const passed = result.numPassedTests;
  const skipped = result.numPendingTests + result.numTodoTests;
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
 * @param {Pick<JestResult, 'testResults'>} result
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
