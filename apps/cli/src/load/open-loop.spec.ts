import fc from 'fast-check';
import { type Answer } from '../telemetry/telemetry-client.js';
import { Measurement } from './measurement.js';
import { type Clock, dueAfter, openLoop } from './open-loop.js';

/** Time that jumps to the next thing somebody waits for. */
class TestClock implements Clock {
  #now = 1_000;
  #waiting: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  until(at: number): Promise<void> {
    return new Promise((wake) => this.#waiting.push({ at, wake }));
  }

  async after<T>(ms: number, value: T): Promise<T> {
    await this.until(this.#now + ms);
    return value;
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  async runUntil(isOver: () => boolean): Promise<void> {
    for (await turn(); !isOver(); await turn()) {
      const next = this.#waiting.sort((a, b) => a.at - b.at).shift();
      if (!next) throw new Error('nobody waits, and it is not over');
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
  }
}

const turn = (): Promise<unknown> => new Promise(setImmediate);
const ok: Answer = { status: 200, receipt: { accepted: 10, duplicates: 0, rejected: [], rejectedTotal: 0 } };
const endless = new AbortController().signal;

async function run(over: {
  rate?: number;
  durationMs?: number;
  answer: (n: number, clock: TestClock) => Promise<Answer>;
  stop?: AbortSignal;
}) {
  const clock = new TestClock();
  const measurement = new Measurement();
  let sent = 0;
  const running = openLoop(
    {
      rate: over.rate ?? 100,
      durationMs: over.durationMs ?? 1_000,
      batch: 10,
      send: () => over.answer(sent++, clock),
      clock,
    },
    measurement,
    over.stop ?? endless,
  );
  let ended = false;
  void running.then(() => (ended = true));
  await clock.runUntil(() => ended);
  await running;
  return measurement;
}

describe('the open loop', () => {
  it('has requests due at the rate asked for, whatever it is', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 1e6, noNaN: true }), fc.nat(1e6), (rate, n) => {
        expect(dueAfter(n + 1, rate)).toBeGreaterThan(dueAfter(n, rate));
        expect(dueAfter(n, rate) * rate).toBeCloseTo(n * 1_000, 3);
      }),
    );
  });

  it('sends all that is due and counts what was acked', async () => {
    const measured = await run({ answer: (_, clock) => clock.after(5, ok) });
    expect(measured).toMatchObject({ requests: 100, readings: 1_000, accepted: 1_000, inFlight: 0, unknown: 0 });
    expect(measured.latency.quantile(1)).toBeCloseTo(5, 1);
  });

  it('does not wait for answers: a receiver that stalls is measured from when each request was due', async () => {
    const measured = await run({ answer: (n, clock) => clock.after(n === 0 ? 5 : 505 - Math.min(n, 50) * 10, ok) });
    expect(measured.requests).toBe(100);
    expect(measured.latency.quantile(0.99)).toBeGreaterThan(450);
    expect(measured.latency.quantile(0.25)).toBeCloseTo(5, 1);
  });

  it('owes what was due while it could not send, each with its own delay', async () => {
    const measured = await run({
      answer: (n, clock) => {
        if (n === 10) clock.pass(300);
        return Promise.resolve(ok);
      },
    });
    expect(measured.requests).toBe(100);
    expect(measured.lag.quantile(1)).toBeGreaterThan(280);
    expect(measured.latency.quantile(0.8)).toBeGreaterThan(50);
  });

  it('sends nothing twice: what was refused or lost stays so', async () => {
    const answers: (Answer | Error)[] = [
      { status: 503 },
      { status: 429 },
      Object.assign(new Error('lost'), { code: 'ECONNRESET' }),
    ];
    const measured = await run({
      rate: 3,
      answer: (n) => {
        const answer = answers[n] ?? ok;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    });
    expect(measured).toMatchObject({ requests: 3, accepted: 0, unknown: 10, shed: 2 });
    expect(Object.fromEntries(measured.answers)).toEqual({ 429: 1, 503: 1, ECONNRESET: 1 });
    expect(measured.latency.quantile(0.5)).toBe(Infinity);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const measured = await run({
      stop: stop.signal,
      answer: (n) => {
        if (n === 9) stop.abort();
        return Promise.resolve(ok);
      },
    });
    expect(measured.requests).toBe(10);
  });
});
