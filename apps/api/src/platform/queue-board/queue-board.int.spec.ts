import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { connectTestRedis } from '../../testing/test-redis.js';
import { knownQueuesKey } from '../jobs/queues.service.js';
import { boardPath } from './board-cookie.js';

let api: TestApi;
let operator: TestCaller;
let cookie: string;

beforeAll(async () => {
  api = await TestApi.start();
  operator = await api.signIn({ hospital: null, role: 'super_admin' });
  const redis = connectTestRedis();
  await redis.sadd(knownQueuesKey, 'jobs');
  redis.disconnect();
});

afterAll(() => api.close());

const get = (path: string, headers: Record<string, string> = {}) =>
  api.send<string>({ method: 'GET', url: `${boardPath}${path}`, headers });

describe('the board of the queues', () => {
  it('is opened for a browser by a cookie that only the board is sent, for ten minutes', async () => {
    const { status, headers } = await api.send({ method: 'POST', url: '/api/v1/admin/queues/session' }, operator);
    const set = String(headers['set-cookie']);
    expect(status).toBe(204);
    expect(set).toMatch(/; Path=\/api\/admin\/queues; Max-Age=600; HttpOnly; SameSite=Strict(; Secure)?$/);
    cookie = set.split(';', 1)[0] ?? '';
  });

  it('shows its page and our queue, and takes scripts from nowhere else', async () => {
    const page = await get('/', { cookie });
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    const script = /src="(static\/js\/main[^"]+)"/.exec(page.body)?.[1] ?? '';
    expect((await get(`/${script}`, { cookie })).status).toBe(200);
    const queues = await get('/api/queues', { cookie });
    expect(JSON.stringify(queues.body)).toContain('"name":"jobs"');
  });

  it('is closed without the cookie, to a forged one, and the cookie opens nothing else', async () => {
    for (const path of ['/', '/api/queues', '/static/favicon-32x32.png']) {
      expect(await get(path)).toMatchObject({ status: 401, body: { code: 'auth.unauthenticated' } });
      expect((await get(path, { cookie: `${cookie}x` })).status).toBe(401);
    }
    expect((await api.send({ method: 'GET', url: '/api/v1/hospitals', headers: { cookie } })).status).toBe(401);
  });

  it('changes nothing, and answers what is not there with a problem', async () => {
    expect(
      api.application.routes.filter(({ url }) => url.startsWith(boardPath)).map(({ method }) => method),
    ).not.toEqual(expect.arrayContaining(['POST']));
    expect(await get('/api/queues/jobs/none', { cookie })).toMatchObject({
      status: 404,
      body: { code: 'route.not-found' },
    });
  });
});
