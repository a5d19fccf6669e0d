import { beforeEach, describe, expect, it } from '@jest/globals';
import { type SyncResult, syncOp } from '@hms/contracts';
import { MemoryStorage } from '../storage/memory.js';
import { idOf, responseOf } from '../testing/ops.js';
import { TestEnvironment, testStart } from '../testing/test-environment.js';
import type { DraftOp } from './draft.js';
import { Queue } from './queue.js';

let environment: TestEnvironment;
let queue: Queue;

const draft = (number: number, more: Partial<DraftOp> = {}): DraftOp => ({
  op: idOf(1_000 + number),
  entity: 'patients',
  id: idOf(number),
  kind: 'update',
  base: 1,
  patch: { phone: String(number) },
  was: null,
  cmd: null,
  deps: [],
  ...more,
});
const add = (...numbers: number[]): Promise<void> => queue.add(numbers.map((number) => draft(number)));
const waiting = async (): Promise<[number, string][]> => (await queue.head(100)).map(({ seq, op }) => [seq, op]);
const attention = async (): Promise<string[]> => (await queue.attention()).map(({ op }) => op.op);

/** The server answers ops with these results, and says how far it is. */
async function answer(
  results: readonly Partial<SyncResult>[],
  more: { lastSeq?: number; at?: number; device?: string } = {},
) {
  const { device } = await queue.device();
  const full = results.map((result) => ({ status: 'applied' as const, seq: 0, op: '', ...result }));
  const last_seq = more.lastSeq ?? Math.max(0, ...full.map(({ seq }) => seq));
  const response = responseOf({
    results: full,
    device: { last_seq },
    server_time: new Date(more.at ?? testStart).toISOString(),
  });
  return queue.apply(response, {
    device: more.device ?? device,
    sentAt: environment.time,
    receivedAt: environment.time,
  });
}
const result = (
  seq: number,
  status: SyncResult['status'] = 'applied',
  more: Partial<SyncResult> = {},
): Partial<SyncResult> => ({
  seq,
  op: idOf(1_000 + seq),
  status,
  ...more,
});

beforeEach(() => {
  environment = new TestEnvironment();
  queue = new Queue(new MemoryStorage(), environment, 1);
});

describe('adding a change (C1)', () => {
  it('numbers it with the change, without a gap, however many do so at once', async () => {
    await Promise.all([add(1), add(2, 3), add(4)]);
    expect((await waiting()).map(([seq]) => seq)).toEqual([1, 2, 3, 4]);
  });

  it('stamps it with the time of the device, how far that is off, and the schema', async () => {
    await answer([], { at: testStart + 5_000 });
    await add(1);
    const [op] = await queue.head(1);
    expect(op).toMatchObject({ at: '2026-01-05T10:00:00.000Z', off: 5_000, sv: 1, group: null });
    expect(syncOp.safeParse(op).success).toBe(true);
  });

  it('gives several changes one group', async () => {
    await queue.add([draft(1), draft(2)], 'g');
    expect((await queue.head(2)).map(({ group }) => group)).toEqual(['g', 'g']);
  });
});

describe('an answered change (C2)', () => {
  beforeEach(() => add(1, 2));

  it.each([
    ['applied', {}],
    ['merged', {}],
    ['duplicate', { was: 'applied' }],
    ['duplicate', { was: 'merged' }],
    ['duplicate', {}],
  ] as const)('waits no more when it took effect: %s %o', async (status, more) => {
    expect(await answer([result(1, status, more)])).toEqual({ settled: 1, restored: false });
    expect([await waiting(), await attention()]).toEqual([[[2, idOf(1_002)]], []]);
  });

  it.each([
    ['conflict', {}],
    ['rejected', { code: 'slot_taken' }],
    ['blocked', { by: idOf(5) }],
    ['duplicate', { was: 'rejected' }],
    ['merged', { conflicts: [{ field: 'phone', yours: '1', theirs: '2', kept: 'theirs' }] }],
  ] as const)('is shown to a person with everything when it did not, or not all of it: %s', async (status, more) => {
    await answer([result(1, status, more)]);
    expect(await waiting()).toEqual([[2, idOf(1_002)]]);
    expect(await queue.attention()).toMatchObject([
      { op: { op: idOf(1_001), patch: { phone: '1' } }, result: { status, ...more } },
    ]);
  });

  it('is shown to a person when the answer is a word this release does not know', async () => {
    await answer([result(1, 'postponed' as SyncResult['status'])]);
    expect(await attention()).toEqual([idOf(1_001)]);
  });

  it('is left alone by an answer to another change, or to another device', async () => {
    await answer([{ ...result(1), op: idOf(77) }], { lastSeq: 0 });
    await answer([result(1)], { device: idOf(88) });
    expect(await waiting()).toHaveLength(2);
  });
});

describe('what the server has forgotten (C5)', () => {
  it('waits again, in its place, under its number and id', async () => {
    await add(1, 2, 3);
    await answer([result(1), result(2)]);
    expect(await answer([], { lastSeq: 1 })).toEqual({ settled: 0, restored: true });
    expect(await waiting()).toEqual([
      [2, idOf(1_002)],
      [3, idOf(1_003)],
    ]);
  });

  it('waits again after a gap was found', async () => {
    await add(1, 2);
    await answer([result(1), result(2)]);
    const { device } = await queue.device();
    expect(await queue.restore(1, device)).toBe(true);
    expect(await queue.restore(1, device)).toBe(false);
    expect(await waiting()).toHaveLength(2);
  });

  it('is kept for 72 hours by the clock of the server, whatever that of the device does', async () => {
    await add(1, 2);
    await answer([result(1)]);
    environment.time += 365 * 24 * 3_600_000;
    await answer([result(2)], { at: testStart + 71 * 3_600_000 });
    expect(await answer([], { lastSeq: 0, at: testStart + 72 * 3_600_000 })).toMatchObject({ restored: true });
    expect(await waiting()).toEqual([
      [1, idOf(1_001)],
      [2, idOf(1_002)],
    ]);
  });

  it('is sent by a new device when some of it is not known any more', async () => {
    await add(1, 2);
    const { device } = await queue.device();
    await answer([result(1)]);
    await answer([], { at: testStart + 73 * 3_600_000, lastSeq: 1 });
    await answer([], { at: testStart + 73 * 3_600_000, lastSeq: 0 });
    expect((await queue.device()).device).not.toBe(device);
    expect(await waiting()).toEqual([[1, idOf(1_002)]]);
  });

  it('must not take effect if the person took it back meanwhile: its number is used up by nothing', async () => {
    await add(1, 2);
    await answer([result(1, 'rejected'), result(2)]);
    await queue.discard((await queue.attention())[0]!);
    await answer([], { lastSeq: 0 });
    const [first, second] = await queue.head(2);
    expect(first).toMatchObject({ seq: 1, op: idOf(1_001), kind: 'command', cmd: { name: 'void' }, patch: null });
    expect(second).toMatchObject({ seq: 2, kind: 'update' });
    expect((await queue.pending()).map(({ seq }) => seq)).toEqual([2]);
    await answer([result(1, 'rejected'), result(2, 'duplicate')]);
    expect([await waiting(), await attention()]).toEqual([[], []]);
  });

  it('needs no attention any more if it takes effect the second time', async () => {
    await add(1);
    await answer([result(1, 'conflict')]);
    await answer([], { lastSeq: 0 });
    await answer([result(1)]);
    expect([await waiting(), await attention()]).toEqual([[], []]);
  });
});

describe('a new identity', () => {
  it('numbers everything anew from 1, under the same ids, and gives away the numbers for patients', async () => {
    await add(1, 2, 3);
    const before = await queue.device();
    await queue.registered({ device: before.device, mrns: ['R1'] });
    await answer([result(1), result(2)]);
    await queue.newIdentity(before.device);
    expect(await queue.device()).toMatchObject({ registered: false, nextSeq: 4, recordNumbers: [] });
    expect((await queue.device()).device).not.toBe(before.device);
    expect(await waiting()).toEqual([
      [1, idOf(1_001)],
      [2, idOf(1_002)],
      [3, idOf(1_003)],
    ]);
  });

  it('is taken once, however many pages notice', async () => {
    const { device } = await queue.device();
    await queue.newIdentity(device);
    const after = await queue.device();
    await queue.newIdentity(device);
    expect(await queue.device()).toEqual(after);
  });
});

describe('a change that needs attention', () => {
  beforeEach(async () => {
    await queue.add([draft(1), draft(2, { deps: [idOf(1_001)] })]);
    await answer([result(1, 'rejected'), result(2, 'blocked', { by: idOf(1_001) })]);
  });

  it('is replaced by a new one, on which those depend that it blocked', async () => {
    const [item] = await queue.attention();
    await queue.replace(item!, draft(9));
    expect(await waiting()).toEqual([[3, idOf(1_009)]]);
    expect(await queue.attention()).toMatchObject([{ op: { op: idOf(1_002), deps: [idOf(1_009)] } }]);
  });

  it('is gone when it is discarded', async () => {
    await queue.discard((await queue.attention())[0]!);
    expect(await attention()).toEqual([idOf(1_002)]);
  });
});

describe('numbers for patients', () => {
  it('are each taken once', async () => {
    const { device } = await queue.device();
    await queue.registered({ device, mrns: ['R1', 'R2'] });
    const taken = await Promise.all([1, 2, 3].map(() => queue.takeRecordNumber()));
    expect(taken.sort()).toEqual(['R1', 'R2', undefined]);
  });
});
