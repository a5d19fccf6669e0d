import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry } from '@hms/service-kit';
import fc from 'fast-check';
import { openGate } from './http/route.js';
import { ingestRoutes } from './routes.js';
import { RawSocket } from './testing/raw-socket.js';
import { TestHospital, type TestGateway } from './testing/test-hospital.js';
import { TestIngest } from './testing/test-ingest.js';

/*
 * Generated from the list of routes: a new one is fuzzed without anybody remembering. FUZZ_SEED repeats a run, FUZZ_CASES
 * sets how many requests each route gets; fast-check shrinks what it finds.
 */

const numRuns = Number(process.env['FUZZ_CASES'] ?? 500);
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const canary = 'canary-5f0c9e1d';
const writesAndRefuses = join(import.meta.dirname, 'testing/writes-and-refuses.mjs');
/** What each hospital here calls its one device. */
const monitor = 'mon-fuzz';
const begunAt = Date.now();
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
  undefined,
).map(({ route }) => route);

let ingest: TestIngest;
let hospital: TestHospital;
let gateway: TestGateway;

beforeAll(async () => {
  process.stdout.write(`fuzz: FUZZ_SEED=${seed} FUZZ_CASES=${numRuns}\n`);
  ingest = await TestIngest.start();
  [hospital, gateway] = await hospitalWithMonitor();
}, 60_000);
afterAll(async () => {
  await ingest.stop();
  await hospital.drop();
});

async function hospitalWithMonitor(): Promise<[TestHospital, TestGateway]> {
  const created = await TestHospital.create();
  const itsGateway = await created.addGateway();
  await created.addDevicesNamed(itsGateway, [monitor]);
  return [created, itsGateway];
}

const text = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    canary,
    '\0',
    '\ud800',
    'x'.repeat(70_000),
    '1e309',
    '9'.repeat(30),
    '9999-12-31T23:59:60Z',
    '0000-01-01',
  ),
);
const value = fc.oneof(
  text,
  fc.double(),
  fc.constantFrom(-0, 2 ** 53 + 2, 1e21, null, true, [], {}, { not: '' }),
  fc.jsonValue(),
);
/** A refusal names fields; it must not give values back. */
const name = text.filter((any) => any !== canary);
const vital = fc.constantFrom('hr', 'spo2', 'temp');
const reading = fc.oneof(
  fc.dictionary(fc.oneof(fc.constantFrom('d', 't', 'x'), vital, name), value, { maxKeys: 6 }),
  fc.record({
    d: fc.constant(monitor),
    t: fc.integer({ min: begunAt - 60_000, max: begunAt }),
    hr: fc.constantFrom(40, 70, 300),
  }),
  fc
    .dictionary(vital, fc.oneof(value, fc.integer({ min: 30, max: 200 })), { maxKeys: 3 })
    .map((vitals) => ({ d: monitor, t: begunAt, ...vitals })),
);
const fitting = fc.record({
  batch: fc.oneof(fc.uuid(), text),
  readings: fc.oneof(fc.array(reading, { maxLength: 5 }), value),
});
const document = fc.oneof(
  { weight: 4, arbitrary: fitting.map((body) => JSON.stringify(body)) },
  {
    weight: 2,
    arbitrary: fc.tuple(fitting, name, value).map(([body, key, extra]) => JSON.stringify({ ...body, [key]: extra })),
  },
  { weight: 1, arbitrary: value.map((body) => JSON.stringify(body)) },
);
const word = fc.oneof(fc.constantFrom('vitals', 'device', 'hr', 't', '72i', '"', ',', '=', ' ', '\\', '\n'), name);
const lines = fc.oneof(
  fc.array(word, { maxLength: 20 }).map((words) => words.join('')),
  fc.dictionary(name, value, { maxKeys: 3 }).map((fields) =>
    Object.entries(fields)
      .map(([key, each]) => `vitals,device=x ${key}=${JSON.stringify(each)}`)
      .join('\n'),
  ),
);
const segment = fc.constantFrom(
  'OBR',
  'OBX',
  'NM',
  '147842^^MDC',
  '72',
  'mon-1',
  '|',
  '||',
  '|||',
  '^',
  '\\r',
  '\\X00\\',
);
const hl7 = fc
  .array(fc.oneof(segment, name), { maxLength: 40 })
  .map((parts) => String.raw`MSH|^~\&|a|b|c|d|20260101000000+0000||ORU^R01|id|P|2.6` + parts.join(''));
const observation = fc.dictionary(
  fc.constantFrom(
    'resourceType',
    'status',
    'code',
    'effectiveInstant',
    'device',
    'subject',
    'component',
    'valueQuantity',
  ),
  fc.oneof(
    value,
    fc.constantFrom('Observation', 'final', { coding: [{ system: 'http://loinc.org', code: '8867-4' }] }),
  ),
);
const bundle = fc.record({
  resourceType: fc.constant('Bundle'),
  type: fc.constantFrom('batch', 'transaction', 'collection'),
  entry: fc.oneof(
    fc.array(
      observation.map((resource) => ({ resource })),
      { maxLength: 5 },
    ),
    value,
  ),
});
const body: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 2, arbitrary: bundle.map((each) => Buffer.from(JSON.stringify(each))) },
  { weight: 2, arbitrary: hl7.map((message) => Buffer.from(message)) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.dictionary(fc.constantFrom('bn', 'bt', 'n', 't', 'u', 'v', 'vs', 'vb'), value))
      .map((pack) => Buffer.from(JSON.stringify(pack))),
  },
  { weight: 3, arbitrary: lines.map((line) => Buffer.from(line)) },
  { weight: 6, arbitrary: document.map((json) => Buffer.from(json)) },
  { weight: 1, arbitrary: document.map((json) => Buffer.from(json.slice(0, json.length / 2))) },
  { weight: 1, arbitrary: document.map((json) => Buffer.from(json, 'utf16le')) },
  { weight: 1, arbitrary: document.map((json) => Buffer.from(`\ufeff${json}`)) },
  { weight: 1, arbitrary: document.map((json) => Buffer.from(`${json}${json}`)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 500 }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        '['.repeat(10_000),
        '{"readings":'.repeat(10_000),
        `{"${'k'.repeat(1_000_000)}":1}`,
        `{"readings":[${'{},'.repeat(200_000)}{}]}`,
        '{"__proto__":{"readings":[]},"readings":[]}',
        '{"readings":[],"readings":[{}]}',
      )
      .map((json) => Buffer.from(json)),
  },
);
const headers = fc.record({
  'content-type': fc.constantFrom(
    'application/json',
    'application/json',
    'application/json',
    'application/json\t;charset=utf-16',
    'application/x-ndjson',
    'application/senml+json',
    'application/hl7-v2',
    'application/fhir+json',
    'application/fhir+json',
    'text/plain',
    'text/plain',
    '',
  ),
  'content-encoding': fc.constantFrom('', '', '', '', 'gzip', 'br'),
  'idempotency-key': fc.oneof(fc.constant(''), fc.uuid(), fc.stringMatching(/^[ -~]{0,300}$/)),
  'x-http-method-override': fc.constantFrom('', 'DELETE'),
  'x-tenant-id': fc.constantFrom('', randomUUID()),
  'user-agent': fc.constantFrom('', 'u'.repeat(2_000)),
});
const request = fc.record({
  headers,
  body,
  method: fc.constantFrom('', '', '', '', '', 'GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
  query: fc.constantFrom('', '', '?a=1&a=2', `?${'p=1&'.repeat(300)}`, '?x=%00%ff'),
});
interface FuzzRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly method: string;
  readonly query: string;
}
type Route = Pick<(typeof routes)[number], 'method' | 'path'>;

async function send({ method, path }: Route, sent: FuzzRequest, to = ingest, by = gateway): Promise<Response> {
  const verb = sent.method || method;
  const hasBody = !['GET', 'HEAD'].includes(verb);
  const { 'content-encoding': encoding, ...rest } = sent.headers;
  const zipped = encoding === 'gzip' ? gzipSync(sent.body) : sent.body;
  return fetch(`${to.url}${path}${sent.query}`, {
    method: verb,
    headers: { ...rest, ...(encoding ? { 'content-encoding': encoding } : {}), authorization: `Bearer ${by.key}` },
    ...(hasBody ? { body: Buffer.from(zipped) } : {}),
  });
}

/** What an answer shows that it must not. */
async function violations(response: Response): Promise<string[]> {
  const { status } = response;
  const answer = await response.text();
  if (status < 400) return [];
  const found: string[] = [];
  if (status >= 500 && !(status === 503 && response.headers.has('retry-after'))) found.push(`status ${status}`);
  if (answer.includes(canary) || /node_modules|\bat \S+ \(|\.[jt]s:\d+|insert into|violates/.test(answer))
    found.push(answer);
  if (status === 400 && response.headers.has('x-influxdb-version')) {
    expect(JSON.parse(answer)).toEqual({ code: 'invalid', message: expect.any(String), line: expect.any(Number) });
    return found;
  }
  if (response.headers.get('content-type')?.startsWith('application/hl7-v2')) {
    expect(answer).toMatch(/^MSH\|.*\rMSA\|A[ER]\|/);
    return found;
  }
  if (response.headers.get('content-type')?.startsWith('application/fhir+json')) {
    expect(JSON.parse(answer)).toMatchObject({ resourceType: 'OperationOutcome' });
    return found;
  }
  if (response.headers.get('content-type') !== 'application/problem+json') return [...found, 'no problem'];
  const requestId = response.headers.get('x-request-id');
  const problem: unknown = JSON.parse(answer);
  const wanted = { status, requestId, code: expect.any(String), title: expect.any(String), type: expect.any(String) };
  expect(problem).toMatchObject(wanted);
  return found;
}

/**
 * Where a hospital that has never seen these requests is written although each is refused. What is written the first
 * time only shows here and nowhere else.
 */
async function writtenByRefused(route: Route, requests: readonly FuzzRequest[], by = ingest): Promise<string[]> {
  const [untouched, itsGateway] = await hospitalWithMonitor();
  try {
    const before = await untouched.contents();
    for (const sent of requests) {
      expect((await send(route, sent, by, itsGateway)).status).toBeGreaterThanOrEqual(400);
    }
    const after = await untouched.contents();
    // It counts what is refused of a device, some seconds later.
    return Object.keys(after).filter((table) => table !== 'device_health' && after[table] !== before[table]);
  } finally {
    await untouched.drop();
  }
}

describe.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
  '%s, given what no gateway should send,',
  (_, route) => {
    const refused: FuzzRequest[] = [];

    it('refuses with a problem and never fails', async () => {
      const property = fc.asyncProperty(request, async (sent) => {
        const begun = performance.now();
        const response = await send(route, sent);
        expect(await violations(response)).toEqual([]);
        expect(performance.now() - begun).toBeLessThan(1_000);
        // What contradicts a batch before (409), or came too fast (429, 503), may be taken elsewhere.
        if (response.status >= 400 && ![409, 429, 503].includes(response.status)) refused.push(sent);
      });
      await fc.assert(property, { seed, numRuns });
      expect(ingest.exitCode).toBeNull();
    }, 120_000);

    it('writes nothing of what it refuses', async () => {
      expect(refused.length).toBeGreaterThan(numRuns / 10);
      const written = await writtenByRefused(route, refused);
      expect({ FUZZ_SEED: seed, written }).toEqual({ FUZZ_SEED: seed, written: [] });
    }, 120_000);
  },
);

describe('the ingest, after all of it,', () => {
  const right = { batch: randomUUID(), readings: [{ d: monitor, t: begunAt + 1, hr: 70 }] };

  it('stores what is right afterwards (control)', async () => {
    const before = await hospital.count('vitals');
    expect((await ingest.post(gateway.key, right)).status).toBe(200);
    expect(await hospital.count('vitals')).toBe(before + 1);
  });

  it('is found out when it writes and then refuses (control)', async () => {
    const denying = await TestIngest.start({ entry: writesAndRefuses });
    const headers = { 'content-type': 'application/json' };
    const sent = { headers, body: Buffer.from(JSON.stringify(right)), method: '', query: '' };
    const written = await writtenByRefused({ method: 'POST', path: '/telemetry' }, [sent], denying);
    expect(written).toEqual(expect.arrayContaining(['telemetry_request', 'vitals']));
    await denying.stop();
  });

  it.each([
    ['no HTTP', 'EHLO hms\r\n\r\n'],
    ['a length that lies', 'POST /telemetry HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'],
    ['chunks that are none', 'POST /telemetry HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['64 KiB of headers', `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`],
  ])('survives %s', async (_, bytes) => {
    const socket = await RawSocket.open(ingest.port);
    socket.send(bytes);
    expect(await ingest.isReady()).toBe(true);
    socket.destroy();
    expect(await ingest.isReady()).toBe(true);
  });
});
