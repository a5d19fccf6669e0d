import type { Environment, HttpAnswer, HttpRequest } from '../environment.js';
import { uuid7 } from '../uuid7.js';

export const testStart = Date.parse('2026-01-05T10:00:00Z');

/** A device whose clock and timers the test moves, and whose network is a function. Ids are drawn in a fixed order. */
export class TestEnvironment implements Environment {
  time = testStart;
  chance = 0.5;
  durable = true;
  answer: (url: string, request: HttpRequest) => Promise<HttpAnswer> = () =>
    Promise.reject(new TypeError('no network'));
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();
  #drawn = 0;

  /** @param device makes ids of several devices differ */
  constructor(private readonly device = 0) {}

  readonly now = (): number => this.time;
  readonly random = (): number => this.chance;
  readonly persist = (): Promise<boolean> => Promise.resolve(this.durable);
  readonly alone = <R>(work: () => Promise<R>): Promise<R> => work();
  readonly fetch = (url: string, request: HttpRequest): Promise<HttpAnswer> => this.answer(url, request);

  readonly draw = (nowMs: number): string => {
    const drawn = this.#drawn++;
    return uuid7(nowMs, Uint8Array.from([0, 0, 0, 0, 0, 0, this.device, 0, drawn >> 8, drawn & 0xff]));
  };

  readonly later = (run: () => void, ms: number): (() => void) => {
    const timer = { at: this.time + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** The same device, as an application that reaches the network in its own way. */
  through(fetch: Environment['fetch']): Environment {
    const { now, random, draw, later, alone, persist } = this;
    return { now, random, draw, later, alone, persist, fetch };
  }

  /** How far away timers are, soonest first. */
  get timers(): number[] {
    return [...this.#timers].map(({ at }) => at - this.time).sort((one, other) => one - other);
  }

  /** Lets time pass; what is due runs, and what follows from it. */
  async pass(ms: number): Promise<void> {
    this.time += ms;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.time)) {
      this.#timers.delete(timer);
      timer.run();
    }
    await quiet();
  }
}

/** Until nothing goes on that does not wait for the test. */
export const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const httpAnswer = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => ({
  status,
  headers: { get: (name) => headers[name] ?? null },
  text: () => Promise.resolve(typeof body === 'string' ? body : JSON.stringify(body)),
});
