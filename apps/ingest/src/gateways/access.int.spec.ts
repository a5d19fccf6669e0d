import { newGatewayKey, formatGatewayKey } from '@hms/auth';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { variable } from '../testing/environment.js';
import { eventually } from '../testing/eventually.js';
import { TcpProxy } from '../testing/tcp-proxy.js';
import { type TestDevice, type TestGateway, TestHospital } from '../testing/test-hospital.js';
import { type Response, TestIngest } from '../testing/test-ingest.js';

let proxy: TcpProxy;
let ingest: TestIngest;
let hospital: TestHospital;
let gateway: TestGateway;
let device: TestDevice;

beforeAll(async () => {
  const url = variable('INGEST_DATABASE_URL');
  proxy = await TcpProxy.to(url);
  hospital = await TestHospital.create();
  ingest = await TestIngest.start({ env: { DATABASE_URL: proxy.through(url) } });
}, 60_000);

afterAll(async () => {
  await ingest.stop();
  await proxy.close();
  await hospital.drop();
});

beforeEach(async () => {
  gateway = await hospital.addGateway();
  [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
});

const post = (key = gateway.key): Promise<Response> =>
  ingest.post(key, { readings: [{ d: device.name, t: Date.now(), hr: 70 }] });
const unauthenticated = { status: 401, code: 'auth.unauthenticated' };

/** Posts on until it is refused, and says how long that took. */
async function refusedAfter(change: Promise<unknown>): Promise<{ ms: number; body: Response['body'] }> {
  await change;
  const began = performance.now();
  const body = await eventually(async () => {
    const answer = await post();
    return answer.status === 200 ? undefined : answer.body;
  });
  return { ms: performance.now() - began, body };
}

describe('a key', () => {
  const [id, secret] = [newGatewayKey().keyId, newGatewayKey().secret];

  it.each([
    ['missing', ''],
    ['of another form', 'dk_short_secret'],
    ['unknown', formatGatewayKey({ keyId: id, secret })],
  ])('that is %s opens nothing', async (_, key) => {
    expect((await post(key)).body).toMatchObject(unauthenticated);
  });

  it('with a wrong secret opens nothing', async () => {
    const keyId = gateway.key.split('_')[1] ?? '';
    expect((await post(formatGatewayKey({ keyId, secret }))).body).toMatchObject(unauthenticated);
    expect((await post()).status).toBe(200);
  });

  it('stops working within 5 s of being revoked, and its successor works at once', async () => {
    expect((await post()).status).toBe(200);
    const successor = await hospital.addKey(gateway.id);
    expect((await post(successor)).status).toBe(200);
    const { ms, body } = await refusedAfter(
      hospital.rows('update public.gateway_key set revoked_at = now() where key_id = $1', [gateway.key.split('_')[1]]),
    );
    expect(body).toMatchObject(unauthenticated);
    expect(ms).toBeLessThan(5_000);
    expect((await post(successor)).status).toBe(200);
  });

  it('stops working the moment it expires', async () => {
    const expiresAt = new Date(Date.now() + 700);
    const key = await hospital.addKey(gateway.id, expiresAt);
    expect((await post(key)).status).toBe(200);
    await eventually(() => Date.now() >= expiresAt.getTime() || undefined);
    expect((await post(key)).body).toMatchObject(unauthenticated);
  });

  it('stops working within 5 s of its gateway being disabled', async () => {
    expect((await post()).status).toBe(200);
    const { ms, body } = await refusedAfter(
      hospital.rows(`update public.gateway set status = 'disabled' where id = $1`, [gateway.id]),
    );
    expect(body).toMatchObject(unauthenticated);
    expect(ms).toBeLessThan(5_000);
  });
});

describe('a hospital', () => {
  it('that is suspended is told so within 5 s, until it is active again', async () => {
    expect((await post()).status).toBe(200);
    const set = (status: string): Promise<unknown> =>
      hospital.rows('update public.hospital set status = $2 where id = $1', [hospital.hospital.id, status]);
    const { ms, body } = await refusedAfter(set('suspended'));
    expect(body).toMatchObject({ status: 403, code: 'hospital.suspended' });
    expect(ms).toBeLessThan(5_000);
    await set('active');
    await eventually(async () => (await post()).status === 200 || undefined);
  });
});

describe('when the database cannot be asked', () => {
  it('nobody is let in after 5 s, for a key may have been revoked, until it can be asked again', async () => {
    expect((await post()).status).toBe(200);
    proxy.silence();
    const refused = await eventually(async () => {
      const answer = await ingest.post(gateway.key, {});
      return answer.status === 503 ? answer : undefined;
    });
    expect(refused.body).toMatchObject({ code: 'service.unavailable' });
    expect(await ingest.isReady()).toBe(false);
    proxy.restore();
    await eventually(async () => (await ingest.isReady()) || undefined, 15_000);
    expect((await post()).status).toBe(200);
  }, 30_000);
});

describe('who tries keys', () => {
  const from = (address: string, key: string): Promise<Response> =>
    ingest.post(key, { readings: [{ d: device.name, t: Date.now(), hr: 70 }] }, { 'x-forwarded-for': address });

  it('is told after twenty wrong ones to come later; known keys of the same address go on, and all of others', async () => {
    await eventually(async () => (await from('198.51.100.7', gateway.key)).status === 200 || undefined);
    for (let i = 0; i < 20; i += 1) {
      expect(await from('198.51.100.7', formatGatewayKey(newGatewayKey()))).toMatchObject({ status: 401 });
    }
    const refused = await from('198.51.100.7', formatGatewayKey(newGatewayKey()));
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate.limited' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await from('198.51.100.7', gateway.key)).status).toBe(200);
    expect((await from('198.51.100.8', formatGatewayKey(newGatewayKey()))).status).toBe(401);
  });
});
