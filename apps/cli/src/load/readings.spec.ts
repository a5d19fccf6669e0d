import { formats, ReadingSource } from './readings.js';

const now = Date.UTC(2026, 0, 1);

describe('readings to load with', () => {
  it('never have the same device and time twice, however fast they are asked for', () => {
    const source = new ReadingSource(['mon-1', 'mon-2', 'mon-3']);
    const bodies = Array.from({ length: 5 }, () => source.request('rows', 100, now).body);
    const rows = bodies.flatMap((body) => (JSON.parse(body) as { rows: [string, number][] }).rows);
    expect(new Set(rows.map(([device, at]) => `${device} ${String(at)}`)).size).toBe(500);
    expect(new Set(bodies.map((body) => (JSON.parse(body) as { batch: string }).batch)).size).toBe(5);
  });

  it.each(formats)('are written as %s', (format) => {
    const { body, path, contentType } = new ReadingSource(['mon-1']).request(format, 2, now);
    expect({ path, contentType, body: body.replace(/"batch":"[^"]+"/, '"batch":"…"') }).toMatchSnapshot();
  });
});
