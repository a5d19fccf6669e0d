import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@hms/service-kit';
import type { ApiConfig } from '../../platform/config/api-config.js';
import { FirebaseKeys, maxAgeOf } from './firebase-keys.service.js';
import { verifyFirebaseToken } from './firebase-token.js';
import { FakeGoogle } from './testing/fake-google.js';

const start = Date.now();
const second = 1_000;
const hour = 3_600 * second;
let google: FakeGoogle;
let keys: FirebaseKeys;

beforeEach(async () => {
  google = await new FakeGoogle().start();
  const { jwksUrl, projectId } = google;
  keys = new FirebaseKeys({ firebase: { jwksUrl, projectId } } as ApiConfig, createLogger('test', 'silent'));
});
afterEach(() => google.stop());

/** What presenting a token of that key comes to, so long after the start. */
async function present(kid = 'g1', afterMs = 0): Promise<string> {
  const now = new Date(start + afterMs);
  const token = await google.sign(google.claims('fb-1', now), kid);
  return verifyFirebaseToken(token, { projectId: google.projectId, key: keys.at(now), now }).then(
    () => 'accepted',
    (err: unknown) => (err instanceof Error ? (err.message.split(':')[0] ?? '') : 'unknown'),
  );
}

describe('the keys of Google', () => {
  it('are asked for once, by however many at the same time', async () => {
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => present())))).toEqual(new Set(['accepted']));
    expect(google.asked).toBe(1);
  });

  it('are asked for again when they grow old, as the answer says', async () => {
    google.cacheControl = 'public, max-age=600, must-revalidate';
    await present();
    await present('g1', 599 * second);
    expect(google.asked).toBe(1);
    await present('g1', 600 * second);
    expect(google.asked).toBe(2);
  });

  it('are asked for once in 30 seconds whatever tokens come, so a new key counts after that', async () => {
    await present();
    await google.addKey('g2');
    for (let i = 0; i < 50; i += 1) expect(await present('g2', 29 * second)).toBe('not verified');
    expect(google.asked).toBe(1);
    expect(await present('g2', 31 * second)).toBe('accepted');
    expect(google.asked).toBe(2);
  });

  it('count no more once they were taken away', async () => {
    await google.addKey('g2');
    expect(await present('g1')).toBe('accepted');
    google.removeKey('g1');
    expect(await present('g1', hour)).toBe('not verified');
    expect(await present('g2', hour)).toBe('accepted');
  });

  it.each(['failing', 'silent', 'talking nonsense'] as const)(
    'count for a day when Google is %s, then nobody can sign in, then all can again',
    async (mood) => {
      await present();
      google.mood = mood;
      expect(await present('g1', 2 * hour)).toBe('accepted');
      expect(await present('g1', 24 * hour)).toBe('accepted');
      expect(await present('g1', 24 * hour + 31 * second)).toBe('firebase.unavailable');
      google.mood = 'well';
      expect(await present('g1', 24 * hour + 62 * second)).toBe('accepted');
    },
  );

  it('are missed, not unknown, while Google never answered', async () => {
    google.mood = 'failing';
    expect(await present()).toBe('firebase.unavailable');
    await google.addKey('g2');
    expect(await present('g2', second)).toBe('firebase.unavailable');
    expect(google.asked).toBe(1);
  });

  it.each([
    ['public, max-age=19302, must-revalidate, no-transform', 19_302_000],
    ['max-age=0', 0],
    ['s-maxage=5', hour],
    ['no-store', hour],
    [null, hour],
  ])('with cache-control %j stay fresh for %d ms', (header, ms) => {
    expect(maxAgeOf(header)).toBe(ms);
  });
});
