import { encodeBatch, type Batch } from './batch.js';
import { Random } from './random.js';
import { type Answer, type Receipt } from '../telemetry/telemetry-client.js';
import { Sender } from './sender.js';
import { Tally } from './tally.js';

const batch = (malformed = false): Batch =>
  encodeBatch(
    [0, 1, 2].map((i) => ({ device: 'mon-1', at: i, reading: { hr: 70 }, malformed: malformed && i === 1 })),
    { key: 'k', sentAt: 3, skewMs: 0 },
  );
const stored = (over: Partial<Receipt> = {}): Answer => ({
  status: 200,
  receipt: { accepted: 3, duplicates: 0, rejected: [], rejectedTotal: 0, ...over },
});

function sending(answers: readonly (Answer | 'connection lost')[]) {
  const tally = new Tally();
  const posted: Batch[] = [];
  const waits: number[] = [];
  const complaints: string[] = [];
  const refusals: string[] = [];
  const giveUp = new AbortController();
  const sender = new Sender({
    post: (sent) => {
      const answer = answers[posted.push(sent) - 1];
      if (answer === undefined) giveUp.abort();
      return answer === undefined || answer === 'connection lost'
        ? Promise.reject(Object.assign(new Error(), { code: 'ECONNRESET' }))
        : Promise.resolve(answer);
    },
    wait: (ms) => Promise.resolve(void waits.push(ms)),
    now: () => 0,
    random: new Random('sender'),
    tally,
    complain: (message) => complaints.push(message),
    keyRefused: () => refusals.push('key'),
    giveUp: giveUp.signal,
  });
  tally.sent = 3;
  return { sender, tally, posted, waits, complaints, refusals };
}

describe('delivery of a batch', () => {
  it('is done when the receiver stored it', async () => {
    const { sender, tally, posted, complaints } = sending([stored({ accepted: 2, duplicates: 1 })]);
    await sender.deliver(batch());
    expect(posted).toHaveLength(1);
    expect(tally).toMatchObject({ acknowledged: 3, duplicates: 1, retries: 0, unaccounted: 0 });
    expect(complaints).toEqual([]);
  });

  it('sends the very same batch again after a lost connection, an error and a refusal for load', async () => {
    const { sender, tally, posted } = sending(['connection lost', { status: 502 }, { status: 429 }, stored()]);
    await sender.deliver(batch());
    expect(new Set(posted.map((sent) => sent.body)).size).toBe(1);
    expect(tally).toMatchObject({ retries: 3, unaccounted: 0 });
  });

  it('waits at least as long as the receiver asks, otherwise longer each time', async () => {
    const failing: Answer = { status: 503 };
    const { sender, waits } = sending([{ ...failing, retryAfter: '7' }, ...Array<Answer>(6).fill(failing), stored()]);
    await sender.deliver(batch());
    expect(waits[0]).toBeGreaterThanOrEqual(7_000);
    expect(waits[1]).toBeGreaterThanOrEqual(200);
    expect(Math.max(...waits.slice(1))).toBeLessThanOrEqual(5_000);
    expect(waits[6]).toBeGreaterThan(waits[1]! * 2);
  });

  it('does not send again what was refused for good, and counts it as lost', async () => {
    const { sender, tally, posted, complaints, refusals } = sending([{ status: 400, code: 'request.malformed' }]);
    await sender.deliver(batch());
    expect(posted).toHaveLength(1);
    expect(tally.unaccounted).toBe(3);
    expect(complaints).toEqual(['a batch of 3 was refused: 400 request.malformed']);
    expect(refusals).toEqual([]);
  });

  it('says when the key itself is refused', async () => {
    const { sender, refusals } = sending([{ status: 401, code: 'auth.unauthenticated' }]);
    await sender.deliver(batch());
    expect(refusals).toEqual(['key']);
  });

  it('takes a refusal of every reading for what it is, not for a refused key', async () => {
    const { sender, tally, refusals } = sending([
      {
        status: 403,
        code: 'telemetry.foreign-device',
        receipt: stored({ accepted: 0, rejected: [{ i: 0, code: 'foreign_device' }], rejectedTotal: 3 }).receipt!,
      },
    ]);
    await sender.deliver(batch());
    expect(refusals).toEqual([]);
    expect(tally).toMatchObject({ rejected: 3, unaccounted: 3 });
  });

  it('speaks up about a receiver that stays silent, once', async () => {
    const lost = Array<'connection lost'>(9).fill('connection lost');
    const { sender, complaints } = sending([...lost, stored()]);
    await sender.deliver(batch());
    expect(complaints).toEqual(['no answer (ECONNRESET), still trying']);
  });

  it('does not call lost what was made wrong on purpose', async () => {
    const { sender, tally, complaints } = sending([
      stored({ accepted: 2, rejected: [{ i: 1, code: 'out_of_range' }], rejectedTotal: 1 }),
    ]);
    await sender.deliver(batch(true));
    expect(tally).toMatchObject({ rejected: 1, unaccounted: 0 });
    expect(complaints).toEqual([]);
  });

  it('calls lost a good reading that was refused', async () => {
    const { sender, tally, complaints } = sending([
      stored({ accepted: 2, rejected: [{ i: 0, code: 'unknown_device' }], rejectedTotal: 1 }),
    ]);
    await sender.deliver(batch(true));
    expect(tally.unaccounted).toBe(1);
    expect(complaints).toEqual(['readings were refused: unknown_device']);
  });

  it('counts as lost what was given up', async () => {
    const { sender, tally } = sending(['connection lost']);
    await sender.deliver(batch());
    expect(tally.unaccounted).toBe(3);
  });
});
