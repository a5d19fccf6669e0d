import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry } from '@hms/service-kit';
import { openGate } from './http/route.js';
import { ingestRoutes } from './routes.js';
import type { TestIngest } from './testing/test-ingest.js';
import { TestSync } from './testing/test-sync.js';

const nothing = (): never => {
  throw new Error('only the list is looked at');
};
const routes = ingestRoutes(
  {
    authenticate: nothing,
    gate: openGate,
    receive: nothing,
    explain: nothing,
    decodeApart: nothing,
    hl7Sources: { callerOf: nothing, zoneOf: nothing },
    metrics: { answered: nothing, acknowledged: nothing, clockOffset: nothing },
    now: Date.now,
    registry: new Registry(),
    obstacles: nothing,
  },
  {
    authenticator: { authenticate: nothing },
    service: { sync: nothing, register: nothing },
    compat: {
      rxdbPull: { pull: nothing },
      rxdbPush: { push: nothing },
      rxdbNews: { wait: nothing },
      watermelon: { pull: nothing, push: nothing },
    },
    gate: openGate,
  },
).map(({ route }) => route);
const name = ({ method, path }: { method: string; path: string }): string => `${method} ${path}`;

let sync: TestSync;
let ingest: TestIngest;
beforeAll(async () => {
  sync = await TestSync.open();
  ingest = await sync.start();
}, 60_000);
afterAll(async () => {
  await ingest.stop();
  sync.close();
});

const statusOf = async (
  { method, path }: { method: string; path: string },
  authorization?: string,
): Promise<number> => {
  const response = await fetch(`${ingest.url}${path}`, {
    method,
    ...(authorization === undefined ? {} : { headers: { authorization } }),
    ...(method === 'POST' ? { body: '{' } : {}),
  });
  return response.status;
};

describe('every route', () => {
  const [closed, open] = [
    routes.filter(({ access }) => access.by !== 'anybody'),
    routes.filter(({ access }) => access.by === 'anybody'),
  ];

  it.each(closed.map((route) => [name(route), route] as const))('%s admits nobody without a key', async (_, route) => {
    for (const authorization of [undefined, 'Basic YTpi', 'Bearer ', `Bearer dk_${'a'.repeat(12)}_${'b'.repeat(43)}`]) {
      expect(await statusOf(route, authorization)).toBe(401);
    }
  });

  it.each(open.map((route) => [name(route), route] as const))(
    '%s is open for a reason, and takes no body',
    async (_, route) => {
      expect(route.access.because).toMatch(/\w+ \w+/);
      expect([route.method, route.accepts]).toEqual(['GET', []]);
      expect([200, 204]).toContain(await statusOf(route));
    },
  );

  it('is one of those', () => {
    expect(closed.length + open.length).toBe(routes.length);
  });
});
