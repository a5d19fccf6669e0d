import logUpdate from 'log-update';
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

/** Shows the line: rewritten in place every second on a terminal, else printed every ten seconds. */
export class Progress {
  readonly #timer: NodeJS.Timeout;
  readonly #inPlace = process.stdout.isTTY;

  constructor(private readonly line: () => string) {
    this.#timer = setInterval(() => this.#show(), this.#inPlace ? 1_000 : 10_000);
  }

  /** Shows the line for the last time. */
  finish(): void {
    clearInterval(this.#timer);
    this.#show();
    if (this.#inPlace) logUpdate.done();
  }

  /** Prints a message for good, beside the line. */
  say(message: string): void {
    if (this.#inPlace) logUpdate.clear();
    process.stderr.write(`${message}\n`);
    if (this.#inPlace) this.#show();
  }

  #show(): void {
    if (this.#inPlace) logUpdate(this.line());
    else process.stdout.write(`${this.line()}\n`);
  }
}
