import { join } from 'node:path';
import { Failure } from '../lib/failure.mjs';
import { seconds, table } from '../lib/report.mjs';
import { TestStacks } from '../testing/stacks.mjs';
import { buildSuite, suites } from '../testing/suites.mjs';
import { onStopSignal } from './hold.mjs';

/** @import { Run } from '../main.mjs' */
/** @import { Report } from '../lib/report.mjs' */
/** @import { Outcome, Suite } from '../testing/suites.mjs' */

/** @typedef {Outcome & { name: string, tookMs: number }} Line */

const INTERRUPTED = 130;

/** Runs every suite, or those that are named, against stacks of its own. @type {Run} */
export async function run(args, report) {
  const chosen = choose(args);
  const stacks = await TestStacks.open(report);
  const asked = onStopSignal(report, () => process.exit(INTERRUPTED));
  const lines = await Promise.race([runSuites(stacks, chosen), asked]).finally(() => stacks.stop());
  return lines === 'asked' ? INTERRUPTED : summarize(report, lines);
}

/**
 * @param {TestStacks} stacks
 * @param {Suite[]} chosen
 * @returns {Promise<Line[]>}
 */
async function runSuites(stacks, chosen) {
  const lines = [await execute(stacks, buildSuite)];
  if (lines[0]?.failed) return lines;
  for (const suite of chosen) lines.push(await execute(stacks, suite));
  return lines;
}

/**
 * @param {TestStacks} stacks
 * @param {Suite} suite
 * @returns {Promise<Line>}
 */
async function execute(stacks, suite) {
  const { report, logs } = stacks;
  const { name } = suite;
  const up = await stacks.bringUp(suite.stacks);
  if (!up) return notRun(suite);
  const began = performance.now();
  report.hint(`  … ${name}`);
  const outcome = await suite.execute({ logFile: join(logs, `suite-${name}.log`), stacks: up });
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
