import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { useBedside } from '../../testing/bedside.js';
import { WebSocket } from 'ws';
import { eventually } from '../../testing/eventually.js';
import { TestIngest } from '../../testing/test-ingest.js';

const bed = useBedside();

type Answer = Readonly<Record<string, unknown>>;

/** A socket of the `ws` package, and what came back on it. */
class Sender {
  readonly answers: Answer[] = [];
  readonly closed: Promise<number>;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.answers.push(JSON.parse(data.toString()) as Answer));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }

  static async open(to = bed.ingest, key = bed.gateway.key): Promise<Sender> {
    const socket = new WebSocket(`ws://127.0.0.1:${to.port}/telemetry/ws`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const sender = new Sender(socket);
    await once(socket, 'open');
    return sender;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  answered(count: number): Promise<Answer[]> {
    return eventually(() => (this.answers.length >= count ? this.answers : undefined));
  }

  /** Reads nothing more. */
  pause(): void {
    this.socket.pause();
  }

  end(): void {
    this.socket.terminate();
  }
}

/** The status an upgrade is refused with. */
async function refusal(key: string): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${key}` };
  const socket = new WebSocket(`ws://127.0.0.1:${bed.ingest.port}/telemetry/ws`, { headers });
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode?: number }];
  return response.statusCode;
}

const reading = (hr: number, t: number): object => ({ d: bed.device.name, t, hr });
const stored = (): Promise<number> => bed.hospital.count('vitals', 'device_no = $1', [bed.device.no]);

describe('telemetry over WebSocket', () => {
  it('is answered in the order of the messages, each after its commit', async () => {
    const sender = await Sender.open();
    const now = Date.now() - 60_000;
    const messages = Array.from({ length: 60 }, (_, i) => ({ batch: `b-${i}`, readings: [reading(60 + i, now + i)] }));
    for (const message of messages) sender.send(message);
    const answers = await sender.answered(60);
    expect(answers).toEqual(messages.map(({ batch }) => expect.objectContaining({ batch, accepted: 1 })));
    expect(await stored()).toBe(60);
    sender.end();
  });

  it('is answered as before when it is sent again on another socket', async () => {
    const message = { batch: 'again', readings: [reading(70, Date.now() - 1_000)] };
    for (let i = 0; i < 2; i += 1) {
      const sender = await Sender.open();
      sender.send(message);
      expect(await sender.answered(1)).toMatchObject([{ batch: 'again', accepted: 1, duplicates: 0 }]);
      sender.end();
    }
    expect(await stored()).toBe(1);
  });

  it('tells of a problem where the answer would be, and goes on', async () => {
    const sender = await Sender.open();
    sender.send('{');
    sender.send({ batch: 'bad', readings: [reading(999, Date.now())] });
    sender.send({ batch: 'good', readings: [reading(70, Date.now())] });
    expect(await sender.answered(3)).toMatchObject([
      { status: 400, code: 'request.malformed' },
      { batch: 'bad', status: 422, code: 'telemetry.out-of-range' },
      { batch: 'good', accepted: 1 },
    ]);
    sender.end();
  });

  it('is not opened without a key', async () => {
    expect(await refusal('dk_aaaaaaaaaaaa_' + 'b'.repeat(43))).toBe(401);
    const plain = await fetch(`${bed.ingest.url}/telemetry/ws`);
    expect(plain.status).toBe(404);
  });

  it('ends within 5 s after its key was revoked, and no other', async () => {
    const revoked = await bed.hospital.addKey(bed.gateway.id);
    const [silent, other] = [await Sender.open(bed.ingest, revoked), await Sender.open()];
    const begun = performance.now();
    await bed.hospital.owner.query('update public.gateway_key set revoked_at = now() where key_id = $1', [
      revoked.split('_')[1],
    ]);
    expect(await silent.closed).toBe(1008);
    expect(performance.now() - begun).toBeLessThan(5_000);
    other.send({ readings: [reading(70, Date.now())] });
    expect(await other.answered(1)).toMatchObject([{ accepted: 1 }]);
    other.end();
  });

  it('is cut off when it sends much more than it waits for, or too much at once, and the service goes on', async () => {
    const flood = await Sender.open();
    for (let i = 0; i < 5_000; i += 1) flood.send({ readings: [reading(70, Date.now() - i)] });
    expect([1013, 1006]).toContain(await flood.closed);
    const long = await Sender.open();
    long.send('x'.repeat(1_100_000));
    expect([1009, 1006]).toContain(await long.closed);
    expect(await bed.ingest.isReady()).toBe(true);
    await eventually(async () => (await bed.ingest.metric('ingest_queue_bytes')) === 0 || undefined);
  });

  it('ends with 1001 when the service stops, after what was sent is answered', async () => {
    const stopping = await TestIngest.start();
    const sender = await Sender.open(stopping);
    await bed.hospital.owner.query('begin');
    await bed.hospital.owner.query(`lock table ${bed.hospital.schema}.vitals in access exclusive mode`);
    sender.send({ batch: 'last', readings: [reading(70, Date.now())] });
    await eventually(async () => (await stopping.metric('ingest_queue_bytes')) > 0 || undefined);
    const stopped = stopping.stop();
    await eventually(async () => !(await stopping.isReady()) || undefined);
    await bed.hospital.owner.query('rollback');
    expect(await sender.closed).toBe(1001);
    expect(sender.answers).toMatchObject([{ batch: 'last', accepted: 1 }]);
    expect(await stopped).toBe(0);
  }, 30_000);
});
