import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { hospitalWith, readingOf, submissionOf } from '../../testing/telemetry-fakes.js';
import type { Submission } from '../submission.js';
import { Batcher, type Writer } from './batcher.js';

const hospital = hospitalWith(3);
const ofRows = (rows: number, submittedAt = 0): Submission =>
  submissionOf(
    hospital,
    Array.from({ length: rows }, (_, i) => readingOf(1, i)),
    submittedAt,
  );

/** Holds each flush until it is let go. */
class HeldWriter implements Writer {
  readonly flushes: (readonly Submission[])[] = [];
  #release: (heldUp: readonly Submission[]) => void = () => undefined;

  write(submissions: readonly Submission[]): Promise<readonly Submission[]> {
    this.flushes.push(submissions);
    return new Promise((resolve) => (this.#release = resolve));
  }

  async release(heldUp: readonly Submission[] = []): Promise<void> {
    this.#release(heldUp);
    await jest.advanceTimersByTimeAsync(0);
  }
}

const rowsOf = (writer: HeldWriter): number[] =>
  writer.flushes.map((flush) => flush.reduce((sum, { rows }) => sum + rows.length, 0));

let now = 0;
beforeEach(() => {
  now = 0;
  jest.useFakeTimers();
});
afterEach(() => void jest.useRealTimers());

function setUp(writers: number): { batcher: Batcher; held: HeldWriter[] } {
  const held = Array.from({ length: writers }, () => new HeldWriter());
  return { batcher: new Batcher(held, () => now), held };
}

describe('a flush', () => {
  it('leaves at the end of the turn when nothing is being written, with all that came in it', async () => {
    const { batcher, held } = setUp(1);
    for (const rows of [1, 2, 3]) batcher.submit(ofRows(rows));
    expect(rowsOf(held[0]!)).toEqual([]);
    await jest.advanceTimersByTimeAsync(0);
    expect(rowsOf(held[0]!)).toEqual([6]);
    expect(batcher.queuedRows).toBe(0);
  });

  it('grows while another is being written: until that ends', async () => {
    const { batcher, held } = setUp(1);
    batcher.submit(ofRows(1));
    await jest.advanceTimersByTimeAsync(0);
    for (let i = 0; i < 10; i++) batcher.submit(ofRows(1));
    await jest.advanceTimersByTimeAsync(50);
    expect(batcher.queuedRows).toBe(10);
    await held[0]?.release();
    expect(rowsOf(held[0]!)).toEqual([1, 10]);
  });

  it('goes to a second writer after 4 ms, or as soon as it is worth it', async () => {
    const { batcher, held } = setUp(3);
    const all = (): number[] => held.flatMap(rowsOf).sort((a, b) => a - b);
    batcher.submit(ofRows(1));
    await jest.advanceTimersByTimeAsync(0);
    batcher.submit(ofRows(2));
    await jest.advanceTimersByTimeAsync(3);
    expect(all()).toEqual([1]);
    await jest.advanceTimersByTimeAsync(1);
    expect(all()).toEqual([1, 2]);
    batcher.submit(ofRows(3));
    batcher.submit(ofRows(400));
    await jest.advanceTimersByTimeAsync(0);
    expect(all()).toEqual([1, 2, 403]);
  });

  it('waits up to 4 ms for more after one of several submissions, and not after one that came alone', async () => {
    const { batcher, held } = setUp(1);
    for (const rows of [1, 2]) batcher.submit(ofRows(rows));
    await jest.advanceTimersByTimeAsync(0);
    await held[0]?.release();
    now = 1;
    batcher.submit(ofRows(3));
    await jest.advanceTimersByTimeAsync(2);
    expect(rowsOf(held[0]!)).toEqual([3]);
    batcher.submit(ofRows(4));
    await jest.advanceTimersByTimeAsync(1);
    expect(rowsOf(held[0]!)).toEqual([3, 7]);
    await held[0]?.release();
    now = 4 + 4;
    batcher.submit(ofRows(5));
    await jest.advanceTimersByTimeAsync(0);
    await held[0]?.release();
    batcher.submit(ofRows(6));
    await jest.advanceTimersByTimeAsync(0);
    expect(rowsOf(held[0]!)).toEqual([3, 7, 5, 6]);
  });

  it('takes no more than 4,000 rows, unless they are of one submission', async () => {
    const { batcher, held } = setUp(1);
    for (const rows of [3_000, 900, 200, 5_000, 1]) batcher.submit(ofRows(rows));
    for (let i = 0; i < 4; i++) {
      await jest.advanceTimersByTimeAsync(0);
      await held[0]?.release();
    }
    expect(rowsOf(held[0]!)).toEqual([3_900, 200, 5_000, 1]);
  });
});

describe('a submission', () => {
  it('that waited 10 s is given back', async () => {
    const { batcher, held } = setUp(1);
    batcher.submit(ofRows(1));
    await jest.advanceTimersByTimeAsync(0);
    const late = ofRows(1, 0);
    batcher.submit(late);
    batcher.submit(ofRows(2, 5_000));
    now = 10_001;
    expect(batcher.waitedMsOf(hospital)).toBe(10_001);
    const refused = expect(late.answered).rejects.toMatchObject({ code: 'service.unavailable' });
    await held[0]?.release();
    await refused;
    expect(rowsOf(held[0]!)).toEqual([1, 2]);
  });
});

describe('a hospital whose tables somebody holds', () => {
  const other = hospitalWith(3);
  const ofOther = (rows: number): Submission =>
    submissionOf(
      other,
      Array.from({ length: rows }, (_, i) => readingOf(1, i)),
      now,
    );
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    await jest.advanceTimersByTimeAsync(ms);
  };

  it('is tried by itself, later and later, by one writer at a time, and waits with all that comes of it', async () => {
    const { batcher, held } = setUp(2);
    const [first, second] = held as [HeldWriter, HeldWriter];
    const heldUp = ofRows(1);
    batcher.submit(heldUp);
    batcher.submit(ofOther(2));
    await pass(0);
    expect(rowsOf(second)).toEqual([3]);
    batcher.submit(ofRows(4));
    await second.release([heldUp]);
    batcher.submit(ofRows(5));
    batcher.submit(ofOther(6));
    expect([batcher.queuedRows, batcher.queuedRowsOf(hospital)]).toEqual([16, 10]);
    await pass(40);
    // The others go on without it.
    expect([rowsOf(first), rowsOf(second)]).toEqual([[], [3, 6]]);
    await pass(10);
    expect(rowsOf(first)).toEqual([10]);
    await pass(5_000);
    expect(rowsOf(first)).toEqual([10]);
    const [tried = []] = first.flushes;
    await first.release(tried);
    await second.release();
    await pass(99);
    expect([first.flushes.length, second.flushes.length]).toEqual([1, 2]);
    await pass(1);
    expect(first.flushes.length + second.flushes.length).toBe(4);
    expect([...first.flushes, ...second.flushes].filter((flush) => flush.includes(heldUp))).toHaveLength(3);
  });

  it('goes the usual way again, with what came meanwhile, once it could be stored', async () => {
    const { batcher, held } = setUp(1);
    const [writer] = held as [HeldWriter];
    const heldUp = ofRows(1);
    batcher.submit(heldUp);
    await pass(0);
    await writer.release([heldUp]);
    await pass(50);
    batcher.submit(ofRows(2));
    batcher.submit(ofOther(3));
    await writer.release();
    await pass(4);
    expect(rowsOf(writer)).toEqual([1, 1, 5]);
    await writer.release();
    expect(batcher.queuedRows).toBe(0);
  });

  it('is given back when it waited 10 s', async () => {
    const { batcher, held } = setUp(1);
    const [writer] = held as [HeldWriter];
    const heldUp = ofRows(1, now);
    batcher.submit(heldUp);
    await pass(0);
    const refused = expect(heldUp.answered).rejects.toMatchObject({ code: 'service.unavailable' });
    for (let i = 0; i < 12; i++) {
      await writer.release([heldUp].filter(({ submittedAt }) => submittedAt >= now - 10_000));
      await pass(1_000);
    }
    await refused;
    expect(batcher.queuedRows).toBe(0);
  });
});
