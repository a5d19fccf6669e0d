import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { batches } from './scenarios/batches.mjs';
import { breadth } from './scenarios/breadth.mjs';
import { connections } from './scenarios/connections.mjs';
import { fairness } from './scenarios/fairness.mjs';
import { knee } from './scenarios/knee.mjs';
import { latency } from './scenarios/latency.mjs';
import { reads } from './scenarios/reads.mjs';
import { scheduling } from './scenarios/scheduling.mjs';
import { singles } from './scenarios/singles.mjs';
import { sync } from './scenarios/sync.mjs';
import { syncWays } from './scenarios/sync-ways.mjs';
import { aimsTable } from './support/aims.mjs';
import { machineCpuSeconds } from './support/cpu.mjs';
import { CpuSplit } from './support/cpu-split.mjs';
import { machineFacts } from './support/machine.mjs';
import { required } from './support/stack.mjs';
import { percent } from './support/statistics.mjs';

/** @import { Aim } from './support/aims.mjs' */

/**
 * @typedef {object} Outcome
 * @property {string} title
 * @property {string} text table and remarks
 * @property {Aim[]} aims what the figures are to be; a missed one is no fault
 * @property {string[]} faults what must not happen at any speed, such as rows acknowledged but not stored
 * @property {Record<string, unknown>} data for the JSON file
 */

/**
 * @callback Scenario
 * @param {{ quick: boolean, progress: (what: string) => void }} options
 * @returns {Promise<Outcome>}
 */

/** @type {Record<string, Scenario>} */
const scenarios = {
  latency,
  batches,
  singles,
  knee,
  fairness,
  breadth,
  connections,
  reads,
  scheduling,
  sync,
  'sync-ways': syncWays,
};

const { values, positionals } = parseArgs({
  options: { only: { type: 'string', multiple: true, default: [] }, quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const asked = [...values.only, ...positionals];
const unknown = asked.find((name) => !(name in scenarios));
if (unknown !== undefined) {
  throw new Error(`there is no scenario ${unknown}; there are ${Object.keys(scenarios).join(', ')}`);
}

const facts = await machineFacts();
/** @type {Record<string, Outcome>} */
const outcomes = {};
const others = await shareOfOthers(async () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    outcomes[name] = await scenario({ quick: values.quick, progress: (what) => process.stderr.write(`… ${what}\n`) });
  }
});

const folder = join(required('HMS_DATA'), 'bench');
const file = join(folder, `${String(facts['at']).replaceAll(/[:.]/g, '-')}.json`);
mkdirSync(folder, { recursive: true });
const results = Object.entries(outcomes).map(([name, { data, aims, faults }]) => [name, { ...data, aims, faults }]);
const record = {
  machine: { ...facts, shareOfOthers: others },
  quick: values.quick,
  results: Object.fromEntries(results),
};
writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);

const faults = Object.values(outcomes).flatMap((outcome) => outcome.faults);
const machine = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
process.stdout.write(
  [
    ...Object.values(outcomes).flatMap(({ title, text, aims }) => [
      '',
      title,
      '',
      text,
      ...(aims.length > 0 ? ['', aimsTable(aims)] : []),
    ]),
    '',
    `Measured on: ${machine.join(', ')}.`,
    `Other programs and guests of the host took ${percent(others)} of the cores${others > 0.1 ? ': measure again when they are idle' : ''}.`,
    'Generator, clients, servers and database share these cores: compare shares, not absolute rates.',
    `Written to ${file}`,
    ...faults.map((fault) => `WRONG: ${fault}`),
    '',
  ].join('\n'),
);
process.exitCode = faults.length > 0 ? 1 : 0;

/**
 * @param {() => Promise<void>} work
 * @returns {Promise<number>} share of all cores that went neither to the stack nor to this program, from 0 to 1
 */
async function shareOfOthers(work) {
  const ours = new CpuSplit({ bench: [process.pid] });
  const before = machineCpuSeconds();
  const began = performance.now();
  await ours.during(work);
  const seconds = (performance.now() - began) / 1_000;
  const { busy, stolen } = machineCpuSeconds();
  return Math.max(0, busy + stolen - before.busy - before.stolen - ours.total) / (seconds * cpus().length);
}
