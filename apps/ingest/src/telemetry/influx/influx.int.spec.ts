import { describe, expect, it } from '@jest/globals';
import { useBedside } from '../../testing/bedside.js';
import { HttpError, InfluxDB, Point, setLogger, type WriteApi } from '@influxdata/influxdb-client';

const quiet = (): void => undefined;
setLogger({ error: quiet, warn: quiet });
const bed = useBedside();

const stored = (columns: string): Promise<Record<string, unknown>[]> =>
  bed.hospital.rows(`select ${columns} from {schema}.vitals where device_no = $1 order by recorded_at`, [
    bed.device.no,
  ]);

interface Sent {
  readonly status: number;
  readonly text: string;
}

async function write(path: string, lines: string, headers: Record<string, string> = {}): Promise<Sent> {
  const response = await fetch(`${bed.ingest.url}${path}`, { method: 'POST', body: lines, headers });
  return { status: response.status, text: await response.text() };
}
const line = (fields: string, ms: number): string => `vitals,device=${bed.device.name} ${fields} ${ms}`;

describe('the official client of InfluxDB', () => {
  const writer = (org: string, gzipThreshold: number): WriteApi =>
    new InfluxDB({ url: bed.ingest.url, token: bed.gateway.key }).getWriteApi(org, 'any', 'us', {
      maxRetries: 0,
      gzipThreshold,
    });
  const point = (at: number): Point =>
    new Point('vitals')
      .tag('device', bed.device.name)
      .intField('hr', 72)
      .floatField('temp', 36.6)
      .stringField('acvpu', 'A')
      .timestamp(at * 1_000);

  it.each([
    ['as it is', 1_000_000],
    ['compressed', 1],
  ])('writes points, sent %s', async (_, gzipThreshold) => {
    const api = writer(bed.hospital.hospital.slug, gzipThreshold);
    const at = Date.now() - 5_000;
    api.writePoints([point(at), point(at + 1)]);
    await api.close();
    expect(await stored('heart_rate, temperature')).toEqual(Array(2).fill({ heart_rate: 72, temperature: 36.6 }));
  });

  it('is told the line that was refused, and the others are stored', async () => {
    const api = writer(bed.hospital.hospital.slug, 1_000_000);
    const at = Date.now() - 5_000;
    api.writePoints([point(at), point(at + 1).intField('hr', 999), point(at + 2)]);
    const failure: unknown = await api.close().catch((err: unknown) => err);
    expect(failure).toBeInstanceOf(HttpError);
    expect(failure).toMatchObject({ statusCode: 400, code: 'invalid', json: { line: 2 } });
    expect(await stored('heart_rate')).toHaveLength(2);
  });

  it('is told that its key is of another hospital', async () => {
    const api = writer('elsewhere', 1_000_000);
    api.writePoint(point(Date.now()));
    await expect(api.close()).rejects.toMatchObject({ statusCode: 403 });
    expect(await stored('1')).toEqual([]);
  });
});

describe('version 1', () => {
  it.each([
    ['in the query', () => [`&u=any&p=${bed.gateway.key}`, {}] as const],
    [
      'as Basic',
      () => ['', { authorization: `Basic ${Buffer.from(`any:${bed.gateway.key}`).toString('base64')}` }] as const,
    ],
    ['as a token', () => ['', { authorization: `Token ${bed.gateway.key}` }] as const],
  ])('takes the key %s', async (_, credential) => {
    const [query, headers] = credential();
    const path = `/write?db=${bed.hospital.hospital.slug}&precision=ms${query}`;
    expect(await write(path, line('hr=70', Date.now() - 5_000), headers)).toEqual({ status: 204, text: '' });
    expect(await stored('heart_rate')).toEqual([{ heart_rate: 70 }]);
  });

  it('finds a server that has its database', async () => {
    const ping = await fetch(`${bed.ingest.url}/ping`);
    expect([ping.status, ping.headers.get('x-influxdb-version')]).toEqual([204, '2.7-compat']);
    const created = await write('/query?q=CREATE+DATABASE+st_brigid', '', {
      authorization: `Token ${bed.gateway.key}`,
    });
    expect([created.status, JSON.parse(created.text)]).toEqual([200, { results: [{ statement_id: 0 }] }]);
  });
});

describe('lines of which none is taken', () => {
  const token = (): Record<string, string> => ({ authorization: `Token ${bed.gateway.key}` });

  it.each([
    ['vitals,device=nobody hr=70 1', 'partial write: line 1: too_old t dropped=1'],
    ['cpu,host=a idle=1', 'partial write: line 1: unknown_field cpu dropped=1'],
    ['vitals hr', 'partial write: line 1: malformed dropped=1'],
  ])('%s', async (lines, message) => {
    const { status, text } = await write('/api/v2/write?precision=ms', lines, token());
    expect([status, JSON.parse(text)]).toEqual([400, { code: 'invalid', message, line: 1 }]);
  });

  it('say so for a precision nobody knows, and for no line at all', async () => {
    expect((await write('/api/v2/write?precision=h', 'x', token())).status).toBe(422);
    expect((await write('/api/v2/write', '', token())).status).toBe(422);
  });
});

describe('the same lines sent again', () => {
  const twice = async (lines: string, headers: Record<string, string> = {}): Promise<Record<string, unknown>[]> => {
    const token = { authorization: `Token ${bed.gateway.key}`, ...headers };
    for (let i = 0; i < 2; i += 1) expect((await write('/write?precision=ms', lines, token)).status).toBe(204);
    return stored('heart_rate');
  };

  it('are stored once', async () => {
    expect(await twice(line('hr=70', Date.now() - 5_000))).toEqual([{ heart_rate: 70 }]);
  });

  it('are new values when they say no time, unless they carry a key', async () => {
    const lines = `vitals,device=${bed.device.name} hr=71`;
    expect(await twice(lines, { 'idempotency-key': bed.device.name })).toHaveLength(1);
    expect(await twice(lines)).toHaveLength(3);
  });
});
