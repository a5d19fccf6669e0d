import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { give, serverAccount } from '../lib/account.mjs';
import { ensureCertificate } from '../lib/certificate.mjs';
import { planPorts } from '../lib/ports.mjs';
import { readSettings } from '../lib/settings.mjs';
import { provideServers } from '../servers/index.mjs';
import { writeNginxConfig } from '../servers/nginx.mjs';
import { eventually } from './launched.mjs';

const ports = planPorts(Number(process.env['HMS_TEST_PORT'] || 18_080) + 200, { api: 1, worker: 1, ingest: 1 });
const data = mkdtempSync(join(tmpdir(), 'hms nginx-'));
const folder = join(data, 'nginx');
const account = serverAccount();
/**
 * Stands for a service: tells what it was asked, with the status that the address names.
 * @type {import('node:http').RequestListener}
 */
const echo = (request, response) => {
  const status = Number(/status-(\d{3})/.exec(request.url ?? '')?.[1] ?? 200);
  request.resume().once('end', () => {
    const body = JSON.stringify({ url: request.url, headers: request.headers, code: 'from.application' });
    response.writeHead(status, { 'content-type': 'application/problem+json', 'content-length': body.length });
    response.end(body);
  });
};
const services = [createServer(echo), createServer(echo)];
/** @type {import('node:child_process').ChildProcess} */
let nginx;

before(async () => {
  chmodSync(data, 0o711);
  for (const path of [folder, join(data, 'log')]) mkdirSync(path);
  give(folder, account);
  give(join(data, 'log'), account);
  writeNginxConfig({ account, data, ports }, folder, await ensureCertificate(folder, account));
  const servers = await provideServers(['nginx'], readSettings(process.env).downloads, () => {});
  const options = { ...account, cwd: '/', env: servers.nginx.env };
  const args = ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')];
  const tested = spawnSync(servers.nginx.file, [...args, '-t'], { ...options, encoding: 'utf8' });
  assert.equal(tested.status, 0, tested.stderr);
  assert.doesNotMatch(tested.stderr, /warn/);
  const listening = [...ports.api, ...ports.ingest].map(
    (port, index) => new Promise((resolve) => services[index]?.listen(port, '127.0.0.1', () => resolve(undefined))),
  );
  await Promise.all(listening);
  nginx = spawn(servers.nginx.file, args, { ...options, stdio: 'ignore' });
  await eventually(async () => {
    const answer = await exchange('GET / HTTP/1.0\r\n\r\n').catch(() => null);
    return answer?.status === 200;
  });
});

after(async () => {
  nginx.kill('SIGTERM');
  await new Promise((resolve) => nginx.once('exit', resolve));
  for (const service of services) service.close();
  rmSync(data, { recursive: true });
});

/**
 * Sends bytes as they are, as no HTTP client would.
 * @param {string} text
 * @returns {Promise<{ status: number, headers: Record<string, string>, body: string }>}
 */
function exchange(text) {
  return new Promise((resolve, reject) => {
    const socket = connect(ports.nginx, '127.0.0.1', () => socket.write(text, 'latin1'));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const [head = '', body = ''] = received.split(/\r\n\r\n([^]*)/);
      const lines = head.split('\r\n');
      const headers = Object.fromEntries(
        lines
          .slice(1)
          .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
      );
      if (body.length < Number(headers['content-length'] ?? 1)) return;
      socket.destroy();
      resolve({ status: Number(lines[0]?.split(' ')[1]), headers, body });
    });
    socket.once('error', reject);
    socket.setTimeout(5000, () => socket.destroy(new Error(`no answer to ${text.slice(0, 60)}`)));
  });
}

/**
 * @param {string} line such as `GET /api/v1/me`
 * @param {Record<string, string>} [headers]
 * @param {string} [body]
 */
function ask(line, headers = {}, body = '') {
  const lines = Object.entries({ Host: 'hms.test', ...headers }).map(([name, value]) => `${name}: ${value}`);
  return exchange(`${line} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** @param {number} bytes */
const filler = (bytes) => 'a'.repeat(bytes);
const chunked = { 'Transfer-Encoding': 'chunked' };

/** @type {[title: string, question: () => ReturnType<typeof exchange>, status: number, code: string][]} */
const errors = [
  ['no HTTP at all', () => exchange('EHLO hms\r\n\r\n'), 400, 'request.malformed'],
  ['no host', () => exchange('GET / HTTP/1.1\r\n\r\n'), 400, 'request.malformed'],
  ['two hosts', () => exchange('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'), 400, 'request.malformed'],
  ['a length beside chunks', () => ask('POST /api/x', { ...chunked, 'Content-Length': '3' }), 400, 'request.malformed'],
  ['an unknown address', () => ask('GET /nowhere'), 404, 'route.not-found'],
  ['metrics from outside', () => ask('GET /metrics'), 404, 'route.not-found'],
  ['readiness from outside', () => ask('GET /readyz'), 404, 'route.not-found'],
  ['a write to a page', () => ask('POST /', { 'Content-Length': '0' }), 405, 'method.not-allowed'],
  ['TRACE', () => ask('TRACE /api/v1/me'), 405, 'method.not-allowed'],
  ['a large body for the API', () => ask('POST /api/x', { 'Content-Length': '1048577' }), 413, 'body.too-large'],
  [
    'a large body in chunks',
    () => ask('POST /api/x', chunked, `200000\r\n${filler(1_200_000)}`),
    413,
    'body.too-large',
  ],
  ['a large body for telemetry', () => ask('POST /telemetry', { 'Content-Length': '4194305' }), 413, 'body.too-large'],
  ['a large body for sync', () => ask('POST /sync', { 'Content-Length': '8388609' }), 413, 'body.too-large'],
  ['a long address', () => ask(`GET /api/${filler(7000)}`), 414, 'request.address-too-long'],
  ['a long path to ingest', () => ask(`GET /telemetry/${filler(300)}`), 414, 'request.address-too-long'],
  ['one large header', () => ask('GET /api/x', { a: filler(7000) }), 431, 'request.headers-too-large'],
  [
    'more headers than uWebSockets.js reads',
    () => ask('GET /sync', { a: filler(3000) }),
    431,
    'request.headers-too-large',
  ],
  ['an unknown encoding', () => ask('POST /api/x', { 'Transfer-Encoding': 'gzip' }), 501, 'request.not-implemented'],
  ['HTTP/2 in clear', () => exchange('GET / HTTP/2.0\r\nHost: a\r\n\r\n'), 505, 'request.version-not-supported'],
];

for (const [title, question, status, code] of errors) {
  test(`an error of its own is a problem body: ${title}`, async () => {
    const answer = await question();
    assert.equal(answer.status, status);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    const problem = JSON.parse(answer.body);
    assert.deepEqual(problem, {
      ...problem,
      type: `/problems/${code}`,
      status,
      code,
      requestId: answer.headers['x-request-id'],
    });
    assert.ok(problem.title.length > 5);
  });
}

test('errors of an application pass unchanged', async () => {
  for (const status of [400, 401, 403, 404, 413, 422, 429, 500, 503]) {
    for (const prefix of ['/api', '/telemetry', '/sync']) {
      const answer = await ask(`GET ${prefix}/status-${status}`);
      assert.equal(answer.status, status);
      assert.equal(JSON.parse(answer.body).code, 'from.application');
    }
  }
});

test('the prefix /api is taken off for ingest, and the query stays', async () => {
  assert.equal(JSON.parse((await ask('GET /api/telemetry/x?q=%20b')).body).url, '/telemetry/x?q=%20b');
  assert.equal(JSON.parse((await ask('GET /sync')).body).url, '/sync');
  assert.equal(JSON.parse((await ask('GET /api/v1/me?a=1')).body).url, '/api/v1/me?a=1');
});

test('a well-formed request id is kept, any other replaced', async () => {
  const kept = await ask('GET /api/x', { 'X-Request-Id': 'abc-1.2_3' });
  assert.equal(kept.headers['x-request-id'], 'abc-1.2_3');
  assert.equal(JSON.parse(kept.body).headers['x-request-id'], 'abc-1.2_3');
  for (const id of ['a b', filler(65), '"x"', 'ä']) {
    const made = (await ask('GET /telemetry', { 'X-Request-Id': id })).headers['x-request-id'];
    assert.match(made ?? '', /^[0-9a-f]{32}$/);
  }
});

test('a client cannot choose the address it seems to come from', async () => {
  const forged = { 'X-Forwarded-For': '6.6.6.6', 'X-Real-IP': '6.6.6.6', Forwarded: 'for=6.6.6.6' };
  for (const path of ['/api/x', '/telemetry']) {
    const { headers } = JSON.parse((await ask(`GET ${path}`, forged)).body);
    assert.equal(headers['x-forwarded-for'], '127.0.0.1');
    assert.doesNotMatch(JSON.stringify(headers), /6\.6\.6\.6/);
  }
});

test('ingest gets only the headers it reads, so that it never answers too many of them in HTML', async () => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x${index}`, '1']));
  const answer = await ask('GET /telemetry', {
    ...many,
    Authorization: 'Bearer x',
    'Content-Type': 'application/json',
  });
  const { headers } = JSON.parse(answer.body);
  assert.equal(headers.authorization, 'Bearer x');
  assert.equal(headers['content-type'], 'application/json');
  assert.ok(Object.keys(headers).length < 12);
});

test('only a WebSocket may upgrade', async () => {
  const upgrade = { Connection: 'Upgrade', 'HTTP2-Settings': 'AAMAAABkAAQAAP__', Upgrade: 'h2c' };
  assert.equal(JSON.parse((await ask('GET /socket.io/', upgrade)).body).headers.upgrade, undefined);
});

test('every answer carries one policy, its own or the one for data', async () => {
  for (const line of ['GET /api/x', 'GET /telemetry', 'GET /nowhere']) {
    const { headers } = await ask(line);
    assert.equal(headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'");
    assert.equal(headers['x-content-type-options'], 'nosniff');
  }
});

test('the start page comes with the headers that protect it, and without a version', async () => {
  const { status, headers } = await ask('GET /');
  assert.equal(status, 200);
  assert.equal(headers['server'], 'nginx');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['referrer-policy'], 'no-referrer');
  assert.match(headers['content-security-policy'] ?? '', /default-src 'none'.*frame-ancestors 'none'/);
});

/**
 * @param {import('node:tls').ConnectionOptions} options
 * @returns {Promise<{ protocol: string | null, alpn: string | false | null, cipher: string, names: string, answer: string }>}
 */
function askOverTls(options) {
  const ca = readFileSync(join(folder, 'certificate.pem'));
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: ports.tls, servername: 'localhost', ca, ...options }, () => {
      const seen = {
        protocol: socket.getProtocol(),
        alpn: socket.alpnProtocol,
        cipher: socket.getCipher().standardName,
        names: String(socket.getPeerCertificate().subjectaltname),
      };
      socket.once('data', (chunk) => resolve({ ...seen, answer: socket.destroy() && chunk.toString() }));
      if (socket.alpnProtocol !== 'h2') socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    });
    socket.once('error', reject);
  });
}

test('TLS 1.2 and 1.3 are spoken with forward secrecy, under a certificate for this machine', async () => {
  for (const version of /** @type {const} */ (['TLSv1.2', 'TLSv1.3'])) {
    const seen = await askOverTls({ minVersion: version, maxVersion: version });
    assert.equal(seen.protocol, version);
    assert.match(seen.cipher, version === 'TLSv1.3' ? /^TLS_(AES|CHACHA20)/ : /^TLS_ECDHE_.*(GCM|POLY1305)/);
    assert.equal(seen.names, 'DNS:localhost, IP Address:127.0.0.1');
    assert.match(seen.answer, /^strict-transport-security: max-age=31536000; includeSubDomains\r$/im);
  }
  assert.equal((await askOverTls({ ALPNProtocols: ['h2', 'http/1.1'] })).alpn, 'h2');
  assert.equal((await ask('GET /')).headers['strict-transport-security'], undefined);
});

test('older TLS, and ciphers without forward secrecy or authentication, are refused', async () => {
  const weak = 'DEFAULT:@SECLEVEL=0';
  await assert.rejects(askOverTls({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: weak }));
  for (const ciphers of ['AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES256-SHA']) {
    await assert.rejects(askOverTls({ maxVersion: 'TLSv1.2', ciphers }));
  }
});

test('the certificate is kept, until it has less than 30 days left', async () => {
  const made = () => readFileSync(join(folder, 'certificate.pem'), 'utf8');
  const before = made();
  const inDays = (/** @type {number} */ days) => new Date(Date.now() + days * 86_400_000);
  await ensureCertificate(folder, account, inDays(794));
  assert.equal(made(), before);
  await ensureCertificate(folder, account, inDays(796));
  assert.notEqual(made(), before);
});

test('a body that is announced and never sent ends in an answer, not in a reset', async () => {
  const answer = await new Promise((resolve, reject) => {
    const socket = connect(ports.nginx, '127.0.0.1', () =>
      socket.end('POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n'),
    );
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.once('error', reject);
    socket.once('close', () => resolve(received));
  });
  assert.match(String(answer), /^HTTP\/1\.1 413 [^]*"code":"body\.too-large"/);
});

test('a service that is away is a 502 that says when to come back', async () => {
  services[0]?.close();
  services[0]?.closeAllConnections();
  const answer = await ask('GET /api/x');
  assert.equal(answer.status, 502);
  assert.equal(answer.headers['retry-after'], '2');
  assert.equal(JSON.parse(answer.body).code, 'service.unreachable');
});
