import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeTwilio } from '../testing/fake-twilio.js';
import { TwilioClient } from './twilio.client.js';

const twilio = new FakeTwilio();
let client: TwilioClient;
const sms = { to: '+353871234567', body: 'North Hospital: https://hms.example/n/abc' };

beforeAll(async () => {
  await twilio.start();
  client = new TwilioClient(twilio.account, 300);
});
afterAll(() => twilio.stop());
beforeEach(() => {
  twilio.recover();
  twilio.messages.length = 0;
});

describe('an SMS', () => {
  it('is handed over with its number, sender and text, and named by its SID', async () => {
    const handingOver = await client.send(sms);
    expect(twilio.messages).toMatchObject([{ ...sms, from: twilio.from }]);
    expect(handingOver).toEqual({ kind: 'accepted', providerId: twilio.messages[0]?.sid });
  });

  it('to a number that is none is refused for good, and the number is known to be gone', async () => {
    const handingOver = await client.send({ ...sms, to: '+12' });
    expect(handingOver).toEqual({ kind: 'refused', code: 'twilio.21211', addressGone: true });
  });

  it('that is refused for what may change counts for nothing against the provider', async () => {
    twilio.failWith({ status: 400, body: { code: 21606 } });
    expect(await client.send(sms)).toEqual({ kind: 'postponed', code: 'twilio.21606', aboutMessage: true });
  });

  it.each([
    ['too many at once', { status: 429, body: { code: 20429 }, headers: { 'retry-after': '7' } }, 'postponed'],
    ['a maintenance', { status: 503, body: {} }, 'postponed'],
    ['an account that is not let in', { status: 401, body: { code: 20003 } }, 'postponed'],
    ['an error of the provider', { status: 500, body: {} }, 'in-doubt'],
    ['no answer in time', 'silent', 'in-doubt'],
    ['a connection that breaks after it was taken', 'accepted-then-cut', 'in-doubt'],
    ['an answer nobody can read', { status: 201, body: {} }, 'in-doubt'],
  ] as const)('after %s may be sent again, or asked for', async (_, mishap, kind) => {
    twilio.failWith(mishap);
    const handingOver = await client.send(sms);
    expect(handingOver.kind).toBe(kind);
    if (typeof mishap === 'object' && mishap.status === 429) expect(handingOver).toMatchObject({ retryAfterMs: 7_000 });
  });

  it('was not taken by a provider that cannot be reached', async () => {
    const gone = await new FakeTwilio().start();
    const { account } = gone;
    await gone.stop();
    const away = new TwilioClient(account, 300);
    expect(await away.send(sms)).toEqual({ kind: 'postponed', code: 'provider.unreachable' });
  });
});

describe('an SMS in doubt', () => {
  const since = new Date(Date.now() - 60_000);

  it('is found by its reference, on a later page too', async () => {
    twilio.failWith('accepted-then-silent');
    await client.send(sms);
    for (let i = 0; i < 120; i += 1) await client.send({ ...sms, body: `another ${String(i)}` });
    expect(await client.find(sms.to, 'n/abc', since)).toBe(twilio.messages[0]?.sid);
  });

  it('is not found where it never arrived, nor one of another number', async () => {
    await client.send({ ...sms, to: '+353879999999' });
    expect(await client.find(sms.to, 'n/abc', since)).toBeUndefined();
  });

  it('stays in doubt while the provider does not say', async () => {
    const stranger = new TwilioClient({ ...twilio.account, authToken: 'wrong' }, 300);
    await expect(stranger.find(sms.to, 'n/abc', since)).rejects.toThrow('twilio.status-401');
  });
});
