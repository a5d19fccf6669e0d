import { writeFile } from 'node:fs/promises';
import { OperatorError } from '@hms/database';
import { type Command, Option } from 'commander';
import { requireDemoFile } from '../demo/demo-file.js';
import { LiveLine } from '../live-line.js';
import { positive, positiveInteger } from '../positive.js';
import { chooseHospitals } from '../simulate/simulation.js';
import { type Knee, LoadRun } from './load-run.js';
import { kneeText, loadLine, stepLine, stepText } from './load-text.js';
import { Measurement } from './measurement.js';
import { type Format, formats } from './readings.js';
import type { Step } from './step.js';

interface LoadCommandOptions {
  readonly demo: string;
  readonly hospital?: string;
  readonly devices: number;
  readonly url?: string;
  readonly format: Format;
  readonly rate: number;
  readonly batch: number;
  readonly connections: number;
  readonly duration: number;
  readonly findKnee?: true;
  readonly sloP99?: number;
  readonly json?: string;
}

/** What the program ends with when the answers were slower than asked for. */
const tooSlow = 3;
const kneeP99Ms = 100;

export function registerLoad(program: Command): void {
  program
    .command('load')
    .description(
      'Load ingest on a fixed schedule, whether or not it keeps up; latencies count from when a request was due.',
    )
    .requiredOption('--demo <file>', 'demo file, for its gateways and devices', process.env['HMS_DEMO_FILE'])
    .option('--hospital <slug>', 'only this hospital')
    .option('--devices <n>', 'only the first n devices', positiveInteger, Infinity)
    .option('--url <url>', 'load this instead of the address in the demo file; ingest itself is as good')
    .addOption(new Option('--format <format>', 'what requests are').choices(formats).default('rows'))
    .option('--rate <n>', 'readings a second; with --find-knee the first to try', positive, 1_000)
    .option('--batch <n>', 'readings of a request', positiveInteger, 100)
    .option('--connections <n>', 'connections', positiveInteger, 32)
    .option('--duration <s>', 'seconds; with --find-knee of each rate', positive, 10)
    .option('--find-knee', 'find the highest rate that holds, then measure at 50 and 80 % of it')
    .option('--slo-p99 <ms>', `end with ${String(tooSlow)} when p99 is above this or not all is acked`, positive)
    .option('--json <file>', 'write all figures there')
    .action(load);
}

interface Report {
  readonly steps: Step[];
  knee?: Knee;
}

async function load(options: LoadCommandOptions): Promise<void> {
  const demo = await requireDemoFile(options.demo);
  const baseUrl = options.url ?? demo.baseUrl;
  const hospitals = chooseHospitals(demo, options.hospital, options.devices);
  if (hospitals.length === 0) throw new OperatorError('There are no devices to load with.');
  const acked = new AckedRate();
  const line = new LiveLine(() => acked.line());
  const { format, batch, connections, duration, sloP99 = kneeP99Ms } = options;
  const run = new LoadRun({
    ...{ baseUrl, hospitals, format, batch, connections, durationMs: duration * 1_000, sloP99Ms: sloP99 },
    begins: (measurement) => acked.follow(measurement),
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => run.stop());
  const report: Report = { steps: [] };
  try {
    if (options.findKnee) {
      const knee = await run.findKnee(options.rate, (step, held) => {
        report.steps.push(step);
        line.say(stepLine(step, held));
      });
      if (knee) report.knee = knee;
    } else report.steps.push(await run.step(options.rate));
  } finally {
    line.finish();
    run.close();
  }
  await tell(options, report, { baseUrl, hospitals: hospitals.map(({ slug }) => slug) });
}

async function tell(options: LoadCommandOptions, report: Report, about: object): Promise<void> {
  const { findKnee, sloP99, json, format, batch, connections } = options;
  const [first] = report.steps;
  if (report.knee) print(kneeText(report.knee));
  else if (findKnee) print('No knee was found.');
  else if (first) print(stepText(first));
  const all = { at: new Date().toISOString(), ...about, format, batch, connections, ...report };
  if (json !== undefined) await writeFile(json, `${JSON.stringify(all, null, 2)}\n`);
  const missed = findKnee ? !report.knee : sloP99 !== undefined && (first?.latency.p99 ?? Infinity) > sloP99;
  if (missed) process.exitCode = tooSlow;
}

/** How many readings were acked since the line was shown last. */
class AckedRate {
  #measurement = new Measurement();
  #accepted = 0;
  #at = performance.now();

  follow(measurement: Measurement): void {
    this.#measurement = measurement;
    this.#accepted = 0;
    this.#at = performance.now();
  }

  line(): string {
    const now = performance.now();
    const { accepted } = this.#measurement;
    const perSecond = ((accepted - this.#accepted) * 1_000) / Math.max(1, now - this.#at);
    this.#accepted = accepted;
    this.#at = now;
    return loadLine(this.#measurement, perSecond);
  }
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
