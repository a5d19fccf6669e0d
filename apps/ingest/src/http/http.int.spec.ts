import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { useBedside } from '../testing/bedside.js';
import { eventually } from '../testing/eventually.js';
import { RawSocket } from '../testing/raw-socket.js';

const bed = useBedside();

const request = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${bed.ingest.url}${path}`, init);
const batch = (): object => ({ readings: [{ d: bed.device.name, t: Date.now(), hr: 70 }] });
const head = (length: number | string, more = ''): string =>
  `POST /telemetry HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${bed.gateway.key}\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${length}\r\n${more}\r\n`;

const healthz = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';

const nothingHeld = (): Promise<true> =>
  eventually(async () => (await bed.ingest.metric('ingest_queue_bytes')) === 0 || undefined);

describe('an address', () => {
  it('that nobody serves is a problem 404', async () => {
    const response = await request('/nowhere');
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ code: 'route.not-found' });
  });

  it.each([
    ['/telemetry', 'GET', 'POST'],
    ['/telemetry', 'DELETE', 'POST'],
    ['/healthz', 'POST', 'GET, HEAD'],
  ])('%s says which methods it takes instead of %s', async (path, method, allowed) => {
    const response = await request(path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allowed]);
    expect(await response.json()).toMatchObject({ code: 'method.not-allowed' });
    const options = await request(path, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, allowed]);
  });

  it('answers HEAD like GET, without the body', async () => {
    const [get, head] = await Promise.all([request('/healthz'), request('/healthz', { method: 'HEAD' })]);
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
    expect(await head.text()).toBe('');
  });
});

describe('a request id', () => {
  it('is taken from the request when it is well formed, and made otherwise', async () => {
    const taken = await request('/nowhere', { headers: { 'x-request-id': 'abc-123' } });
    expect(taken.headers.get('x-request-id')).toBe('abc-123');
    expect(await taken.json()).toMatchObject({ requestId: 'abc-123' });
    const made = await request('/nowhere', { headers: { 'x-request-id': 'a b{}' } });
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('a body', () => {
  it('is not looked at while its sender is unknown', async () => {
    const socket = await RawSocket.open(bed.ingest.port);
    socket.send('POST /telemetry HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n{"broken');
    await eventually(() => socket.received.includes('\r\n\r\n') || undefined);
    expect(socket.received).toMatch(/^HTTP\/1\.1 401 /);
    expect(socket.received).toContain('WWW-Authenticate: Bearer');
    socket.destroy();
  });

  it.each([
    [{ 'content-type': 'text/plain' }, 415, 'body.unsupported-type'],
    [{ 'content-encoding': 'br' }, 415, 'body.unsupported-type'],
  ])('of another kind is refused: %j', async (headers, status, code) => {
    expect((await bed.ingest.post(bed.gateway.key, batch(), headers)).body).toMatchObject({ status, code });
  });

  it.each(['application/json; charset=utf-8', 'application/vnd.hms.telemetry+json;v=1', 'APPLICATION/JSON'])(
    'may be %s',
    async (type) => {
      expect((await bed.ingest.post(bed.gateway.key, batch(), { 'content-type': type })).status).toBe(200);
    },
  );

  it('that says it is too large is refused at once', async () => {
    const answer = await bed.ingest.post(bed.gateway.key, ' '.repeat(4 * 1024 * 1024 + 1));
    expect(answer.body).toMatchObject({ status: 413, code: 'body.too-large' });
  });

  it('that turns out to be too large is refused then', async () => {
    const pieces = Array.from({ length: 24 }, () => Buffer.alloc(256 * 1024, ' '));
    const response = await request('/telemetry', {
      method: 'POST',
      headers: { authorization: `Bearer ${bed.gateway.key}`, 'content-type': 'application/json' },
      body: ReadableStream.from(pieces),
      duplex: 'half',
    });
    expect(response.status).toBe(413);
  });

  it('that unfolds into too much is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024, ' '));
    const answer = await bed.ingest.post(bed.gateway.key, bomb, { 'content-encoding': 'gzip' });
    expect(answer.body).toMatchObject({ status: 413, code: 'body.too-large' });
    const junk = await bed.ingest.post(bed.gateway.key, 'no gzip', { 'content-encoding': 'gzip' });
    expect(junk.body).toMatchObject({ status: 400, code: 'request.malformed' });
  });

  it('of no bytes is malformed', async () => {
    expect((await bed.ingest.post(bed.gateway.key, '')).body).toMatchObject({ status: 400, code: 'request.malformed' });
  });

  it('may come in pieces', async () => {
    const body = JSON.stringify(batch());
    const socket = await RawSocket.open(bed.ingest.port);
    socket.send(head(body.length));
    for (const character of body) {
      socket.send(character);
      await new Promise(setImmediate);
    }
    await eventually(() => socket.received.includes('"accepted":1') || undefined);
    socket.destroy();
  });

  it('whose sender leaves holds nothing', async () => {
    const sockets = await Promise.all(Array.from({ length: 40 }, () => RawSocket.open(bed.ingest.port)));
    for (const socket of sockets) socket.send(`${head(1_000_000)}{"readings":`);
    await eventually(async () => (await bed.ingest.metric('ingest_queue_bytes')) === 40_000_000 || undefined);
    for (const socket of sockets) socket.destroy();
    await nothingHeld();
  });

  it('that ever more senders of a hospital begin is not let in beyond what there is room for', async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => RawSocket.open(bed.ingest.port)));
    for (const socket of sockets) socket.send(`${head(4_000_000)}{`);
    await eventually(() => sockets.some(({ received }) => received.includes('\r\n\r\n')) || undefined);
    const refused = sockets.filter(({ received }) => received.startsWith('HTTP/1.1 429 '));
    expect(refused.length).toBeGreaterThan(0);
    for (const { received } of refused) expect(received).toMatch(/Retry-After: [1-3]\r\n/);
    expect(await bed.ingest.metric('ingest_shed_total')).toBeGreaterThan(0);
    for (const socket of sockets) socket.destroy();
    await nothingHeld();
  });
});

describe('what no proper client sends', () => {
  it.each([
    ['a head that is too large', () => `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(9_000)}\r\n\r\n`, '431'],
    ['a length that is no number', () => head('many'), '400'],
    ['both a length and chunks', () => head(5, 'Transfer-Encoding: chunked\r\n'), '400'],
  ])('is refused: %s', async (_, text, status) => {
    const socket = await RawSocket.open(bed.ingest.port);
    socket.send(text());
    expect(await socket.closed()).toContain(`HTTP/1.1 ${status} `);
  });

  it('closes its connection: a second request before the first is answered', async () => {
    const body = JSON.stringify(batch());
    const socket = await RawSocket.open(bed.ingest.port);
    socket.send(`${head(body.length)}${body}`.repeat(2));
    await socket.closed();
    await nothingHeld();
  });

  it('has its connection closed within 15 s: a body that trickles, and one who only holds the connection', async () => {
    const [trickling, idle, talking] = await Promise.all([1, 2, 3].map(() => RawSocket.open(bed.ingest.port)));
    trickling?.send(head(1_000_000));
    for (const socket of [idle, talking]) socket?.send(healthz);
    const drops = setInterval(() => trickling?.send(' '), 200);
    const words = setInterval(() => talking?.send(healthz), 3_000);
    const began = performance.now();
    await Promise.all([trickling?.closed(), idle?.closed()]);
    for (const timer of [drops, words]) clearInterval(timer);
    expect(performance.now() - began).toBeLessThan(15_000);
    expect([trickling?.received, talking?.isClosed]).toEqual(['', false]);
    talking?.destroy();
    await nothingHeld();
  }, 20_000);

  it('harms nobody else', async () => {
    const noise = ['\0\r\n\r\n', '\x16\x03\x01\x02', 'GET / HTTP/1.1\r\n\r\n', 'POST', `${head(10)}{`];
    const sockets = await Promise.all(noise.map(() => RawSocket.open(bed.ingest.port)));
    for (const [i, socket] of sockets.entries()) socket.send(noise[i] ?? '');
    expect((await bed.ingest.post(bed.gateway.key, batch())).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await nothingHeld();
  });
});

describe('the probes', () => {
  it('say that the service is alive and ready, and what it counts', async () => {
    expect(await (await request('/healthz')).json()).toEqual({ status: 'ok' });
    expect(await (await request('/readyz')).json()).toEqual({ status: 'ok', obstacles: [] });
    const metrics = await request('/metrics');
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(await metrics.text()).toContain('ingest_flush_seconds_bucket');
  });
});
