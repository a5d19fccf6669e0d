import { request as httpRequest } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';

let api: TestApi;
let hospital: Hospital;
let admin: TestCaller;

beforeAll(async () => {
  [api, hospital] = [await TestApi.start(), await createTestHospital()];
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
});
afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const post = (payload: string | Buffer, headers: Record<string, string> = {}) =>
  api.send(
    { method: 'POST', url: '/api/v1/gateways', payload, headers: { 'content-type': 'application/json', ...headers } },
    admin,
  );

describe('a body', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/json; charset=utf-16',
    'application/json; charset="latin1"',
    'application/jsonx',
    'json',
    '*/*',
    'application/json, text/plain',
  ])('of type %s is refused as 415', async (type) => {
    expect((await post('{"name":"x"}', { 'content-type': type })).body).toMatchObject({
      status: 415,
      code: 'body.unsupported-type',
    });
  });

  it.each([
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'APPLICATION/JSON',
    'application/json ;x=y',
  ])('of type %s is read', async (type) => {
    expect((await post('{"name":""}', { 'content-type': type })).status).toBe(422);
  });

  it('that is compressed is refused: nobody can send a bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(4 * 1024 * 1024));
    expect((await post(bomb, { 'content-encoding': 'gzip' })).status).toBe(415);
  });

  it('above 1 MiB is refused as 413', async () => {
    expect((await post(`{"name":"${'x'.repeat(1024 * 1024)}"}`)).body).toMatchObject({ code: 'body.too-large' });
  });

  it('that is not JSON says so without quoting it', async () => {
    const { status, body } = await post('{"name": secret-canary}');
    expect(body).toMatchObject({ status, code: 'request.malformed', detail: 'The body is not JSON.' });
    expect(JSON.stringify(body)).not.toContain('secret-canary');
  });
});

describe('a query', () => {
  const get = (query: string) => api.send({ method: 'GET', url: `/api/v1/wards?${query}` }, admin);

  it.each([
    ['a parameter twice', 'limit=1&limit=2'],
    ['a parameter twice, once in disguise', 'limit=1&%6cimit=2'],
    ['300 parameters', Array.from({ length: 300 }, (_, index) => `p${index}=1`).join('&')],
    ['5,000 characters', `cursor=${'x'.repeat(5_000)}`],
    ['U+0000', 'cursor=%00'],
  ])('with %s is refused', async (_, query) => {
    expect((await get(query)).body).toMatchObject({ status: 400, code: 'request.malformed' });
  });

  it('with brackets names no object', async () => {
    expect((await get('limit[not]=1')).status).toBe(422);
  });
});

describe('a method', () => {
  it('the address does not take is 405 and says which it takes', async () => {
    const { body, headers } = await api.send({ method: 'DELETE', url: '/api/v1/wards/' + hospital.id }, admin);
    expect(body).toMatchObject({ status: 405, code: 'method.not-allowed' });
    expect(headers['allow']).toBe('GET, HEAD, PATCH');
  });

  it('OPTIONS is answered with those there are', async () => {
    const { status, headers } = await api.send({ method: 'OPTIONS', url: '/api/v1/wards?x=1' });
    expect([status, headers['allow']]).toEqual([204, 'GET, HEAD, POST']);
  });

  it('at an address nothing is at stays 404', async () => {
    expect((await api.send({ method: 'DELETE', url: '/api/v1/nothing' }, admin)).status).toBe(404);
  });

  it.each(['x-http-method-override', 'x-http-method', 'x-method-override'])(
    'in the header %s counts for nothing',
    async (name) => {
      const sent = await api.send(
        { method: 'POST', url: `/api/v1/wards/${hospital.id}`, payload: {}, headers: { [name]: 'PATCH' } },
        admin,
      );
      expect(sent.status).toBe(405);
    },
  );
});

describe('a request no route ever sees', () => {
  let port: number;
  beforeAll(async () => {
    await api.application.nest.listen(0, '127.0.0.1');
    port = (api.application.nest.getHttpServer() as { address(): AddressInfo }).address().port;
  });

  const raw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
      let answer = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
      socket.on('error', reject).on('close', () => resolve(answer));
    });

  it.each([
    ['no HTTP', 'EHLO hms\r\n\r\n', 400],
    ['an unknown method', 'PATCHY / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    ['headers too large', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`, 431],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['U+0000 in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n', 400],
    ['an address that is no text', 'GET /api/v1/wards/%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    [
      'a part of an address too long',
      `GET /api/v1/wards/${'a'.repeat(300)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      414,
    ],
  ])('because of %s is answered with a problem and every security header', async (_, text, status) => {
    const [head = '', body = ''] = (await raw(text)).split(/\r\n\r\n([^]*)/);
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    for (const header of [
      /content-type: application\/problem\+json/i,
      /x-content-type-options: nosniff/i,
      /content-security-policy: default-src 'none'/i,
      /referrer-policy: no-referrer/i,
      /cache-control: no-store/i,
      /x-request-id: [\w.-]+/i,
    ])
      expect(head).toMatch(header);
    expect(JSON.parse(body)).toMatchObject({ status, code: expect.any(String), requestId: expect.any(String) });
  });

  it('a body shorter than announced is nobody’s fault but the client’s', async () => {
    const request = httpRequest({
      port,
      method: 'POST',
      path: '/api/v1/gateways',
      headers: {
        authorization: `Bearer ${admin.accessToken}`,
        'content-type': 'application/json',
        'content-length': 100,
      },
    });
    const gone = new Promise((resolve) => request.on('error', resolve));
    request.write('{"name":');
    request.destroy();
    await gone;
    expect((await api.send({ method: 'GET', url: '/healthz' })).status).toBe(200);
  });
});

describe('every problem', () => {
  it('has a type that can be read', async () => {
    const { body } = await api.send<{ items: { code: string }[] }>({ method: 'GET', url: '/problems' });
    expect(body.items.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['request.malformed', 'service.timeout']),
    );
    const refused = await api.send({ method: 'GET', url: '/api/v1/wards' });
    expect((await api.send({ method: 'GET', url: refused.body.type })).body).toEqual({
      code: 'auth.unauthenticated',
      status: 401,
      title: 'Sign in first',
    });
    expect((await api.send({ method: 'GET', url: '/problems/constructor' })).status).toBe(404);
  });
});
