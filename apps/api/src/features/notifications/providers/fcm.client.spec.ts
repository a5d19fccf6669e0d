import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeFcm } from '../testing/fake-fcm.js';
import { FcmClient } from './fcm.client.js';

const fcm = new FakeFcm();
let client: FcmClient;
const push = {
  token: 'device-token-1',
  id: '01900000-0000-7000-8000-000000000001',
  title: 'North Hospital',
  body: 'You have a new message.',
  urgent: false,
  data: { notificationId: '01900000-0000-7000-8000-000000000001', code: 'message' },
  expiresAt: new Date(Date.now() + 3_600_000),
};

beforeAll(async () => {
  await fcm.start();
  client = new FcmClient({ url: fcm.url, account: fcm.serviceAccount }, 300);
});
afterAll(() => fcm.stop());
beforeEach(() => {
  fcm.recover();
  fcm.accepted.length = 0;
});

describe('a push', () => {
  it('is handed over with an access token that many share', async () => {
    const before = fcm.tokensGranted;
    const fresh = new FcmClient({ url: fcm.url, account: fcm.serviceAccount }, 2_000);
    const all = await Promise.all(Array.from({ length: 10 }, () => fresh.send(push)));
    expect(all.map(({ kind }) => kind)).toEqual(Array(10).fill('accepted'));
    expect(fcm.tokensGranted - before).toBe(1);
  });

  it('that is sent again takes the place of the first on the device', async () => {
    await client.send(push);
    await client.send({ ...push, body: 'again' });
    expect(fcm.accepted).toHaveLength(2);
    expect(fcm.shownOn(push.token).map(({ notification }) => notification.body)).toEqual(['again']);
    // FCM keeps four collapse keys of a device, and drops what waits under any other.
    expect(fcm.accepted[0]?.android).not.toHaveProperty('collapse_key');
    expect(fcm.accepted[0]?.apns.headers['apns-collapse-id']).toBe(push.id);
  });

  it('to an installation that is gone is refused for good', async () => {
    fcm.unregistered.add('gone-token');
    const handingOver = await client.send({ ...push, token: 'gone-token' });
    expect(handingOver).toEqual({ kind: 'refused', code: 'fcm.UNREGISTERED', addressGone: true });
  });

  it('is refused with a token that was withdrawn, and accepted with the next one', async () => {
    await client.send(push);
    fcm.revokeTokens();
    expect((await client.send(push)).kind).toBe('postponed');
    expect((await client.send(push)).kind).toBe('accepted');
  });

  it.each([
    ['a quota that is used up', { status: 429, body: {}, headers: { 'retry-after': '30' } }, 'postponed'],
    ['a provider that is busy', { status: 503, body: {} }, 'postponed'],
    ['an error of the provider', { status: 500, body: {} }, 'in-doubt'],
    ['no answer in time', 'accepted-then-silent', 'in-doubt'],
  ] as const)('after %s is sent again', async (_, mishap, kind) => {
    fcm.failWith(mishap);
    expect((await client.send(push)).kind).toBe(kind);
  });

  it('was not handed over while Google gives no token', async () => {
    const account = { ...fcm.serviceAccount, client_email: 'stranger@hms-test.iam.gserviceaccount.com' };
    const stranger = new FcmClient({ url: fcm.url, account });
    expect(await stranger.send(push)).toEqual({ kind: 'postponed', code: 'google.no-token' });
  });
});
