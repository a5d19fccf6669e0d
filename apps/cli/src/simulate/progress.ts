import { type Tally } from './tally.js';

const ms = (value: number | undefined): string => (value === undefined ? '–' : `${value.toFixed(0)} ms`);
const count = (value: number): string => value.toLocaleString('en');

/** One line that says how it goes. */
export function progressLine(tally: Tally, behindMs: number): string {
  return [
    `sent ${count(tally.sent)}`,
    `acked ${count(tally.acknowledged)}`,
    `rejected ${count(tally.rejected)}`,
    `duplicates ${count(tally.duplicates)}`,
    `retries ${count(tally.retries)}`,
    `ack p50 ${ms(tally.latency(0.5))} p95 ${ms(tally.latency(0.95))}`,
    `behind ${(behindMs / 1_000).toFixed(1)} s`,
  ].join(' · ');
}
