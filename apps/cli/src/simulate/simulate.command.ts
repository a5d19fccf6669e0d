import { OperatorError } from '@hms/database';
import type { Command } from 'commander';
import { requireDemoFile } from '../demo/demo-file.js';
import { LiveLine } from '../live-line.js';
import { positive } from '../positive.js';
import { noFaults, parseFaults, type Faults } from './faults.js';
import { progressLine } from './progress.js';
import { Simulation, chooseHospitals } from './simulation.js';
import { Tally } from './tally.js';

interface SimulateOptions {
  readonly demo: string;
  readonly hospital?: string;
  readonly patients: number;
  readonly rate?: number;
  readonly interval: number;
  readonly seed: string;
  readonly duration: number;
  readonly count: number;
  readonly faults: Faults;
  readonly quiet?: true;
  readonly url?: string;
}

/** A device sends at most this often, so that no two of its readings have the same time. */
const minIntervalMs = 10;
const repeatAfterMs = 10_000;

export function registerSimulate(program: Command): void {
  program
    .command('simulate')
    .description('Post plausible vitals for the patients of the demo, a few of them deteriorating.')
    .requiredOption('--demo <file>', 'demo file', process.env['HMS_DEMO_FILE'])
    .option('--hospital <slug>', 'only this hospital')
    .option('--patients <n>', 'only the first n monitored patients', positive, Infinity)
    .option('--interval <s>', 'seconds between two readings of a patient', positive, 2)
    .option('--rate <n>', 'readings a second in all, instead of --interval', positive)
    .option('--seed <text>', 'repeat the same patients', '42')
    .option('--duration <s>', 'stop after so many seconds', positive, Infinity)
    .option('--count <n>', 'stop after so many readings', positive, Infinity)
    .option(
      '--faults <list>',
      'such as duplicates=0.02,late=0.01,gap=0.001,malformed=0.01,skew=5',
      parseFaults,
      noFaults,
    )
    .option('--url <url>', 'send there instead of the address in the demo file')
    .option('--quiet', 'say nothing but errors')
    .action(simulate);
}

async function simulate(options: SimulateOptions): Promise<void> {
  const demo = await requireDemoFile(options.demo);
  const hospitals = chooseHospitals(demo, options.hospital, options.patients);
  const devices = hospitals.reduce((sum, hospital) => sum + hospital.devices.length, 0);
  const intervalMs = options.rate === undefined ? options.interval * 1_000 : (devices / options.rate) * 1_000;
  if (intervalMs < minIntervalMs) {
    throw new OperatorError(
      `${String(devices)} devices send at most ${String((devices * 1_000) / minIntervalMs)} readings a second`,
    );
  }
  const tally = new Tally();
  const { seed, count, faults } = options;
  const baseUrl = options.url ?? demo.baseUrl;
  const complain = withoutRepeats((message) => {
    const text = `hms simulate: ${message}`;
    if (progress) progress.say(text);
    else process.stderr.write(`${text}\n`);
  });
  const simulation = new Simulation({ baseUrl, hospitals, intervalMs, seed, count, faults, tally, complain });
  const progress = options.quiet ? undefined : new LiveLine(() => progressLine(tally, simulation.behind()));
  const stop = (): void => simulation.stop();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  const timer = Number.isFinite(options.duration) ? setTimeout(stop, options.duration * 1_000) : undefined;
  await simulation.run();
  clearTimeout(timer);
  progress?.finish();
  if (tally.unaccounted > 0) {
    complain(`${String(tally.unaccounted)} readings were lost`);
    process.exitCode = 1;
  }
}

/** Drops a message that was said within the last ten seconds: in an outage every batch has the same complaint. */
function withoutRepeats(say: (message: string) => void): (message: string) => void {
  const saidAt = new Map<string, number>();
  return (message) => {
    const now = Date.now();
    if (now - (saidAt.get(message) ?? 0) < repeatAfterMs) return;
    saidAt.set(message, now);
    say(message);
  };
}
