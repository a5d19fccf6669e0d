import { type Batch } from './batch.js';
import { FaultInjector, noFaults } from './faults.js';
import { Gateway, type Clock } from './gateway.js';
import { SimulatedPatient } from './physiology.js';
import { profileOf } from './profile.js';
import { Random } from './random.js';
import { Tally } from './tally.js';

const start = Date.UTC(2026, 0, 5, 9);

/** A clock that jumps to whatever time is waited for, and stops the run at its end. */
class JumpingClock implements Clock {
  readonly #stop = new AbortController();
  readonly stop = this.#stop.signal;
  #now = start;

  constructor(private readonly end: number) {}

  now(): number {
    return this.#now;
  }

  until(at: number): Promise<void> {
    if (!this.stop.aborted) this.#moveTo(Math.min(Math.max(at, this.#now), this.end));
    return Promise.resolve();
  }

  pass(ms: number): void {
    this.#moveTo(this.#now + ms);
  }

  #moveTo(at: number): void {
    if (at >= this.end && !this.stop.aborted) {
      this.#now = this.end;
      this.#stop.abort();
    }
    this.#now = at;
  }
}

function gateway(over: {
  seconds: number;
  budget?: number;
  giveUp?: AbortSignal;
  deliver?: (batch: Batch, clock: JumpingClock) => Promise<void>;
}) {
  const clock = new JumpingClock(start + over.seconds * 1_000);
  const batches: Batch[] = [];
  const tally = new Tally();
  const patients = [0, 1, 2, 3].map((index) => ({
    device: `mon-${String(index)}`,
    patient: new SimulatedPatient(profileOf({ index, birthDate: '1980-02-03', timezone: 'UTC' }, start), String(index)),
  }));
  const parts = {
    bedsides: patients,
    schedule: { deviceCount: 4, intervalMs: 2_000, startedAt: start },
    faults: new FaultInjector(noFaults, new Random('none')),
    skewMs: 0,
    sender: {
      deliver: (batch: Batch) => over.deliver?.(batch, clock) ?? Promise.resolve(void batches.push(batch)),
    },
    tally,
    clock,
    budget: { left: over.budget ?? Infinity },
    giveUp: over.giveUp ?? new AbortController().signal,
  };
  return { run: () => new Gateway(parts).run(clock.stop), clock, batches, tally };
}

const rowsOf = (batch: Batch): [string, number][] => (JSON.parse(batch.body) as { rows: [string, number][] }).rows;

describe('a gateway', () => {
  it('sends every device once per interval, each batch under a key of its own', async () => {
    const { run, batches, tally } = gateway({ seconds: 10 });
    await run();
    const rows = batches.flatMap(rowsOf);
    expect(rows).toHaveLength(20);
    expect(new Set(rows.map(([device, at]) => `${device} ${String(at)}`)).size).toBe(20);
    expect(new Set(batches.map((batch) => batch.key)).size).toBe(batches.length);
    expect(tally.sent).toBe(20);
  });

  it('skips nothing when time jumps: late reports keep the times they were due at', async () => {
    const context = gateway({ seconds: 60 });
    context.clock.pass(30_000);
    await context.run();
    const times = context.batches.flatMap(rowsOf).map(([, at]) => at);
    expect(times).toEqual(Array.from({ length: 120 }, (_, i) => start + i * 500));
  });

  it('stops at its budget', async () => {
    const { run, tally } = gateway({ seconds: 60, budget: 7 });
    await run();
    expect(tally.sent).toBe(7);
  });

  it('keeps at most four batches on the way', async () => {
    let onTheWay = 0;
    let most = 0;
    const deliver = async (): Promise<void> => {
      most = Math.max(most, ++onTheWay);
      await new Promise(setImmediate);
      onTheWay--;
    };
    await gateway({ seconds: 30, deliver }).run();
    expect(most).toBe(4);
  });

  it('owes only what was due when it was stopped, however long delivery takes', async () => {
    const { run, tally } = gateway({
      seconds: 10,
      deliver: (_, clock) => {
        clock.pass(3_000);
        return Promise.resolve();
      },
    });
    await run();
    expect(tally.sent).toBe(20);
  });

  it('counts what was due but never sent when delivery is given up', async () => {
    const { run, tally } = gateway({ seconds: 10, giveUp: AbortSignal.abort() });
    await run();
    expect(tally).toMatchObject({ sent: 0, abandoned: 20, unaccounted: 20 });
  });
});
