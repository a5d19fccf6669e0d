import { join } from 'node:path';
import { bringUpAll, provideClients } from '../bring-up.mjs';
import { Failure } from '../lib/failure.mjs';
import { seconds, table } from '../lib/report.mjs';
import { UNLIMITED_FACTOR, readSettings } from '../lib/settings.mjs';
import { openStack } from '../stack.mjs';
import { buildSuite, suites } from '../testing/suites.mjs';
import { onStopSignal } from './hold.mjs';

/** @import { Run } from '../main.mjs' */
/** @import { Report } from '../lib/report.mjs' */
/** @import { Stack } from '../stack.mjs' */
/** @import { Outcome, Suite } from '../testing/suites.mjs' */

/** @typedef {Outcome & { name: string, tookMs: number }} Line */

const INTERRUPTED = 130;
/** So many suites without a stack run beside each other: most of them keep one core busy. */
const AT_ONCE = 2;

/** Runs every suite, or those that are named, against a stack of its own. @type {Run} */
export async function run(args, report) {
  const chosen = choose(args);
  const settings = readSettings(process.env, {
    dataVariable: 'HMS_TEST_DATA',
    data: '.data-test',
    portVariable: 'HMS_TEST_PORT',
    port: 18_080,
  });
  const stack = await openStack({ ...settings, demo: true, rateLimitFactor: UNLIMITED_FACTOR }, report, {
    fresh: true,
  });
  const asked = onStopSignal(report, () => process.exit(INTERRUPTED));
  const lines = await Promise.race([runSuites(stack, chosen), asked]).finally(() => stack.stop());
  return lines === 'asked' ? INTERRUPTED : summarize(report, lines);
}

/**
 * @param {Stack} stack
 * @param {Suite[]} chosen
 * @returns {Promise<Line[]>}
 */
async function runSuites(stack, chosen) {
  const lines = [await execute(stack, buildSuite)];
  if (lines[0]?.failed) return lines;
  const unserved = chosen.filter(({ needsStack }) => !needsStack);
  lines.push(...(await executeBesideEachOther(stack, unserved)));
  const served = chosen.filter(({ needsStack }) => needsStack);
  if (served.length === 0) return lines;
  const up = await isUp(stack);
  for (const suite of served) lines.push(up ? await execute(stack, suite) : notRun(suite));
  return lines;
}

/**
 * @param {Stack} stack
 * @param {Suite[]} suites
 * @returns {Promise<Line[]>} in the order of the suites
 */
async function executeBesideEachOther(stack, suites) {
  /** @type {Line[]} */
  const lines = [];
  const waiting = suites.entries();
  const lane = async () => {
    for (const [index, suite] of waiting) lines[index] = await execute(stack, suite);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return lines;
}

/**
 * @param {Stack} stack
 * @returns {Promise<boolean>}
 */
async function isUp(stack) {
  try {
    await bringUpAll(stack, { simulator: false });
    await provideClients(stack);
    stack.declareReady();
    return true;
  } catch (error) {
    stack.report.failure(error);
    return false;
  }
}

/**
 * @param {Stack} stack
 * @param {Suite} suite
 * @returns {Promise<Line>}
 */
async function execute({ env, place, report }, { name, needsStack, execute: work }) {
  const began = performance.now();
  report.hint(`  … ${name}`);
  const logFile = join(place.data, 'log', `suite-${name}.log`);
  const outcome = await work({ logFile, env: needsStack ? env : {} });
  const tookMs = performance.now() - began;
  const counts = `${outcome.passed} passed, ${outcome.failed} failed`;
  report.line(outcome.failed ? '✖' : '✔', name, `${seconds(tookMs)}  ${counts}`);
  for (const problem of outcome.problems) report.print(problem.replaceAll(/^/gm, '      '));
  return { ...outcome, name, tookMs };
}

/**
 * @param {Suite} suite
 * @returns {Line}
 */
const notRun = ({ name }) => ({ name, passed: 0, failed: 1, skipped: 0, problems: [], tookMs: 0 });

/**
 * @param {Report} report
 * @param {Line[]} lines
 * @returns {number} exit code
 */
function summarize(report, lines) {
  const sum = (/** @type {'passed' | 'failed'} */ key) => lines.reduce((total, line) => total + line[key], 0);
  const rows = lines.map((line) => [line.name, line.passed, line.failed, line.skipped, seconds(line.tookMs)]);
  report.print('');
  for (const row of table([['suite', 'passed', 'failed', 'skipped', '   time'], ...rows])) report.print(`  ${row}`);
  report.print('');
  report.print(`${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') === 0 ? 0 : 1;
}

/**
 * @param {string[]} names
 * @returns {Suite[]}
 */
function choose(names) {
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    throw new Failure(`There is no suite ${unknown.join(', ')}.`, {
      advice: `Known are: ${suites.map(({ name }) => name).join(', ')}.`,
    });
  }
  return names.length === 0
    ? suites.filter(({ onlyNamed }) => !onlyNamed)
    : suites.filter(({ name }) => names.includes(name));
}
