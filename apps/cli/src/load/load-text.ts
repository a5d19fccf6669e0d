import Table from 'cli-table3';
import type { Knee } from './load-run.js';
import type { Measurement } from './measurement.js';
import type { Step } from './step.js';

const count = (value: number): string => Math.round(value).toLocaleString('en');
const ms = (value: number | null): string => (value === null ? '∞' : value.toFixed(value < 10 ? 1 : 0));

/** One line that says how it goes. @param ackedPerSecond of the last while */
export function loadLine(measured: Measurement, ackedPerSecond: number): string {
  const quantile = (share: number): string => {
    const value = measured.latency.quantile(share);
    return Number.isNaN(value) ? '–' : ms(Number.isFinite(value) ? value : null);
  };
  return [
    `sent ${count(measured.readings)}`,
    `acked ${count(ackedPerSecond)}/s`,
    `p50 ${quantile(0.5)} p95 ${quantile(0.95)} p99 ${quantile(0.99)} ms`,
    `rejected ${count(measured.rejected)}`,
    `429/503 ${count(measured.shed)}`,
    `unknown ${count(measured.unknown)}`,
    `in flight ${count(measured.inFlight)}`,
  ].join(' · ');
}

export const stepLine = ({ offered, acked, latency }: Step, held: boolean): string =>
  `${count(offered)}/s offered, ${count(acked)}/s acked, p99 ${ms(latency.p99)} ms: ${held ? 'holds' : 'breaks'}`;

/** All there is to say of one rate. */
export function stepText(step: Step): string {
  const { latency } = step;
  const answers = Object.entries(step.answers).map(([status, n]) => `${count(n)} × ${status}`);
  return [
    `${count(step.sent)} readings in ${count(step.requests)} requests over ${step.seconds.toFixed(1)} s`,
    `  acked      ${count(step.accepted)}, ${count(step.acked)} a second of ${count(step.offered)} offered`,
    `  otherwise  ${count(step.duplicates)} duplicates, ${count(step.rejected)} rejected, ${count(step.unknown)} unknown, ${count(step.skipped)} not sent`,
    `  answers    ${answers.join(', ') || 'none'}`,
    `  latency    p50 ${ms(latency.p50)}, p95 ${ms(latency.p95)}, p99 ${ms(latency.p99)}, p99.9 ${ms(latency.p999)}, max ${ms(latency.max)} ms from when a request was due`,
    `  generator  ${ms(step.generatorLagP99)} ms late at p99`,
  ].join('\n');
}

export function kneeText({ knee, atHalf, atFourFifths }: Knee): string {
  const table = new Table({ head: ['load', 'acked/s', 'p50 ms', 'p95 ms', 'p99 ms'], style: { head: [], border: [] } });
  const add = (load: string, { acked, latency }: Step): void =>
    void table.push([load, count(acked), ms(latency.p50), ms(latency.p95), ms(latency.p99)]);
  add('50 % of the knee', atHalf);
  add('80 % of the knee', atFourFifths);
  add('knee', knee);
  return `The knee is at ${count(knee.offered)} readings a second.\n${table.toString()}`;
}
