import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { ask, signIn } from './support/client.js';
import { baseUrl, hospitalA } from './support/stack.js';

const { hostname, port } = new URL(baseUrl);

/** Sends bytes as they are and reads one answer; Nginx may linger before it closes. */
function raw(request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(request));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
      const length = /content-length: (\d+)/i.exec(answer)?.[1];
      const body = answer.split('\r\n\r\n')[1];
      if (body !== undefined && Buffer.byteLength(body) >= Number(length)) socket.destroy();
    });
    socket.on('error', reject).on('close', () => resolve(answer));
  });
}

const headersOf = (answer: string): string => answer.slice(0, answer.indexOf('\r\n\r\n')).toLowerCase();
const bodyOf = (answer: string): unknown => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));

describe('every error the edge makes itself is a problem, never HTML', () => {
  it.each([
    ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    [
      'two lengths',
      'POST /telemetry HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n',
      400,
    ],
    [
      'length and chunks',
      'POST /telemetry HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['an address too long', `GET /api/${'a'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 414],
    [
      'headers too large',
      `GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(70_000)}\r\nConnection: close\r\n\r\n`,
      431,
    ],
    [
      'a body too large for the API',
      'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n',
      413,
    ],
  ])('%s', async (_, request, status) => {
    const answer = await raw(request);
    expect(headersOf(answer)).toContain('application/problem+json');
    expect(bodyOf(answer)).toMatchObject({
      status,
      code: expect.stringMatching(/^[a-z]+\.[a-z-]+$/),
      requestId: expect.any(String),
    });
  });
});

describe('every answer', () => {
  it.each(['/', '/api/v1/me', '/telemetry', '/api/nothing', '/nothing'])(
    'of %s carries the security headers and a request id',
    async (path) => {
      const { headers } = await ask(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-request-id')).toMatch(/^[\w.-]{8,64}$/);
      expect(headers.get('server') ?? '').not.toMatch(/\d/);
    },
  );

  it('keeps a well-formed request id and replaces a dangerous one', async () => {
    const id = async (sent: string) =>
      (await ask('/api/v1/me', { headers: { 'x-request-id': sent } })).headers.get('x-request-id');
    expect(await id('ward-3.tablet_7')).toBe('ward-3.tablet_7');
    expect(await id('a b" c')).not.toBe('a b" c');
  });
});

describe('what is inside stays inside', () => {
  it.each(['/metrics', '/readyz', '/api/metrics', '/api/readyz', '/telemetry/metrics'])(
    '%s is not served',
    async (path) => {
      expect((await ask(path)).status).toBe(404);
    },
  );

  it('says that it is alive', async () => {
    expect(await ask('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});

describe('the documents for developers', () => {
  it('say what every code means, those of Nginx included', async () => {
    const { body } = await ask<{ items: { code: string; status: number }[] }>('/problems');
    const documented = new Map(body.items.map(({ code, status }) => [code, String(status)]));
    const conf = readFileSync(new URL('../../nginx/hms/problems.conf', import.meta.url), 'utf8');
    const own = [...conf.matchAll(/^ {2}(\d{3}) ([a-z]+\.[a-z-]+);$/gm)];
    expect(own.length).toBeGreaterThan(15);
    expect(own.filter(([, status, code = '']) => documented.get(code) !== status).map(([, , code]) => code)).toEqual(
      [],
    );
    expect((await ask('/problems/precondition.failed')).body).toMatchObject({
      status: 412,
      code: 'precondition.failed',
    });
  });

  it('are committed as they are served: apps/api/openapi.json (pnpm --filter @hms/api openapi)', async () => {
    const committed = readFileSync(new URL('../../apps/api/openapi.json', import.meta.url), 'utf8');
    expect(JSON.parse(committed)).toEqual((await ask('/api/openapi.json')).body);
  });

  it('are served: OpenAPI and a reference page', async () => {
    const { body } = await ask<{ openapi: string; paths: object }>('/api/openapi.json');
    expect(body.openapi).toMatch(/^3\./);
    expect(Object.keys(body.paths)).toContain('/api/v1/patients');
    expect((await ask<string>('/api/docs')).body).toContain('swagger-ui');
    expect((await ask('/api/docs/assets/swagger-ui-bundle.js')).status).toBe(200);
  });
});

describe('roles', () => {
  it('let a nurse read patients and a billing clerk not', async () => {
    const read = async (role: string) =>
      (await ask('/api/v1/patients', { token: await signIn(hospitalA, role) })).status;
    expect(await read('nurse')).toBe(200);
    expect(await read('billing_clerk')).toBe(403);
  });
});

describe('the address of appointments', () => {
  it('may end with a slash, as Medico24 clients write it', async () => {
    expect(await ask('/api/v1/appointments/?limit=1')).toMatchObject({
      status: 401,
      body: { code: 'auth.unauthenticated' },
    });
  });
});
