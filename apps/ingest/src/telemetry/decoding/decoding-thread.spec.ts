import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Hospital } from '../../hospitals/hospital.js';
import type { DecodingJob } from './decoding-job.js';
import { DecodingThread, type DecodingWorker } from './decoding-thread.js';
import { outcomeOf } from './outcome.js';

const [north, south] = ['north', 'south'].map((slug) => new Hospital(`id-${slug}`, slug)) as [Hospital, Hospital];
const code = (expected: string): object => expect.objectContaining({ code: expected });

/** A thread that answers when it is told to. */
class FakeWorker extends EventEmitter {
  readonly jobs: DecodingJob[] = [];
  ended = false;

  postMessage(job: DecodingJob): void {
    this.jobs.push(job);
  }

  answer(): void {
    this.emit('message', outcomeOf(this.jobs.at(-1) as DecodingJob));
  }

  die(): void {
    this.emit('error', new Error('out of memory'));
    this.emit('exit', 1);
  }

  terminate(): Promise<number> {
    this.ended = true;
    this.emit('exit', 1);
    return Promise.resolve(1);
  }
}

function setUp() {
  const workers: FakeWorker[] = [];
  const deaths: unknown[] = [];
  const thread = new DecodingThread({
    startWorker: () => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker as unknown as DecodingWorker;
    },
    onDied: (err) => deaths.push(err),
  });
  const decode = (hospital: Hospital, hr: number) => {
    const body = new Uint8Array(Buffer.from(JSON.stringify({ readings: [{ d: 'mon-1', t: 0, hr }] })));
    const head = { contentType: 'application/json', contentEncoding: '', query: '', idempotencyKey: String(hr) };
    const batch = thread.decode(hospital, { reader: { format: 'body' }, ...head, maxBytes: 1_000, at: 0, body });
    batch.catch(() => undefined);
    return batch;
  };
  const order = (): string[] => workers.flatMap(({ jobs }) => jobs.map(({ idempotencyKey }) => idempotencyKey));
  return { thread, workers, deaths, decode, order };
}

describe('large bodies', () => {
  afterEach(() => void jest.useRealTimers());

  it('that take too long are refused, and end their thread: the others are decoded by the next one', async () => {
    jest.useFakeTimers();
    const { workers, deaths, decode, order } = setUp();
    const [endless, other] = [decode(north, 1), decode(south, 2)];
    jest.advanceTimersByTime(4_999);
    expect([workers.length, deaths.length]).toEqual([1, 0]);
    jest.advanceTimersByTime(1);
    await expect(endless).rejects.toEqual(code('body.too-large'));
    expect([workers[0]?.ended, deaths]).toEqual([
      true,
      [expect.objectContaining({ message: expect.stringContaining('5000 ms') })],
    ]);
    workers[0]?.answer();
    workers[1]?.answer();
    expect([(await other).key, order()]).toEqual(['2', ['1', '2']]);
    jest.advanceTimersByTime(5_000);
    expect(workers).toHaveLength(2);
  });

  it('are decoded one after another, and cost a thread only once there is one', async () => {
    const { workers, decode, order } = setUp();
    expect(workers).toHaveLength(0);
    const batches = [decode(north, 1), decode(north, 2)];
    expect(order()).toEqual(['1']);
    workers[0]?.answer();
    expect(order()).toEqual(['1', '2']);
    workers[0]?.answer();
    expect((await Promise.all(batches)).map(({ key }) => key)).toEqual(['1', '2']);
    expect(workers).toHaveLength(1);
  });

  it('of one hospital keep another waiting for one of them', () => {
    const { workers, decode, order } = setUp();
    for (const n of [1, 2, 3]) void decode(north, n);
    void decode(south, 4);
    for (let i = 0; i < 3; i++) workers[0]?.answer();
    expect(order()).toEqual(['1', '2', '4', '3']);
  });

  it('that are no batch are refused as what they are', async () => {
    const { workers, thread } = setUp();
    const head = { contentType: 'application/json', contentEncoding: '', query: '', idempotencyKey: '' };
    const body = new Uint8Array(Buffer.from('{'));
    const batch = thread.decode(north, { reader: { format: 'body' }, ...head, maxBytes: 1_000, at: 0, body });
    workers[0]?.answer();
    await expect(batch).rejects.toEqual(code('request.malformed'));
  });

  it('take their thread down alone: the others are decoded by the next one', async () => {
    const { workers, deaths, decode, order } = setUp();
    const [deadly, other] = [decode(north, 1), decode(south, 2)];
    workers[0]?.die();
    await expect(deadly).rejects.toEqual(code('service.unavailable'));
    expect(deaths).toEqual([expect.objectContaining({ message: 'out of memory' })]);
    workers[1]?.answer();
    expect((await other).key).toBe('2');
    expect(order()).toEqual(['1', '2']);
  });

  it('find a new thread after an idle one died', async () => {
    const { workers, decode } = setUp();
    const first = decode(north, 1);
    workers[0]?.answer();
    await first;
    workers[0]?.die();
    expect(workers).toHaveLength(1);
    const second = decode(north, 2);
    workers[1]?.answer();
    expect((await second).key).toBe('2');
  });

  it('are refused with 503 when the service stops, which is no death', async () => {
    const { thread, workers, deaths, decode } = setUp();
    const left = [decode(north, 1), decode(south, 2)];
    await thread.stop();
    await turn();
    for (const batch of [...left, decode(north, 3)]) await expect(batch).rejects.toEqual(code('service.unavailable'));
    expect([workers.map(({ ended }) => ended), deaths]).toEqual([[true], []]);
  });

  it('are answered 503 when no thread can be started, and read once one can', async () => {
    const worker = new FakeWorker();
    const deaths: unknown[] = [];
    let tries = 0;
    const thread = new DecodingThread({
      startWorker: () => {
        if (tries++ === 0) throw new Error('no more threads');
        return worker as unknown as DecodingWorker;
      },
      onDied: (err) => deaths.push(err),
    });
    const head = { contentType: 'application/json', contentEncoding: '', query: '', idempotencyKey: 'k' };
    const decode = (): Promise<{ key: string | undefined }> => {
      const body = new Uint8Array(Buffer.from('{"readings":[{"d":"mon-1","t":0,"hr":70}]}'));
      return thread.decode(north, { reader: { format: 'body' }, ...head, maxBytes: 1_000, at: 0, body });
    };
    await expect(decode()).rejects.toEqual(code('service.unavailable'));
    const second = decode();
    worker.answer();
    expect([(await second).key, deaths.length]).toEqual(['k', 1]);
  });
});
