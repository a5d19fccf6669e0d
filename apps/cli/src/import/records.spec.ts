import { Readable } from 'node:stream';
import fc from 'fast-check';
import { csvRecords, readHeader } from './csv.js';
import { type FileRecord, lineRecords, ndjsonRecords, type Position, type Records, type Source } from './records.js';

/** The text, in pieces that end wherever it suits nobody. */
const sourceOf =
  (text: string, size = 7): Source =>
  (byte) => {
    const bytes = Buffer.from(text).subarray(byte);
    return Readable.from(
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)),
    );
  };

async function all(records: Records): Promise<FileRecord[]> {
  const found: FileRecord[] = [];
  for await (const record of records) found.push(record);
  return found;
}

const start: Position = { byte: 0, line: 1 };
const none = new Map();
const csv = async (text: string, map = none, device?: string): Promise<FileRecord[]> => {
  const source = sourceOf(text);
  const { columns, end } = await readHeader(source, map);
  return all(csvRecords(source, end, columns, device));
};
const said = (records: readonly FileRecord[]): unknown[] => records.map((record) => record.said);

/** A cell as the most careful writer would quote it. */
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const cellText = fc.string({ unit: fc.constantFrom('a', '7', '"', ',', '\n', ' ', 'é', '😀', ';'), maxLength: 8 });

describe('rows of CSV', () => {
  it('are read as they were written, whatever is in their cells, and from any row on as from the beginning', async () => {
    const rows = fc.array(cellText, { minLength: 1, maxLength: 12 });
    const ends = fc.constantFrom('\n', '\r\n');
    await fc.assert(
      fc.asyncProperty(rows, ends, fc.boolean(), async (devices, end, mark) => {
        const body = devices.map((device) => `${quoted(device)},1767225600000,72`);
        const text = `${mark ? '\uFEFF' : ''}${['d,t,hr', ...body].join(end)}${end}`;
        const found = await csv(text);
        expect(said(found)).toEqual(
          devices.map((device) => [
            ...(device.trim() === '' ? [] : [['device', device.trim()]]),
            ['time', 1_767_225_600_000],
            [0, 72],
          ]),
        );
        const { columns } = await readHeader(sourceOf(text), none);
        for (const [i, { next }] of found.entries()) {
          expect(await all(csvRecords(sourceOf(text), next, columns, undefined))).toEqual(found.slice(i + 1));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('find their columns by any name a vital sign has, or as they are told', async () => {
    const map = new Map<string, number | 'time'>([
      ['Puls', 0],
      ['Zeit', 'time'],
    ]);
    const found = await csv('Gerät,Zeit,Puls,SpO2,on_oxygen\nx,1767225600000,72,97,true\n', map, 'mon-1');
    expect(said(found)).toEqual([
      [
        ['device', 'mon-1'],
        ['time', 1_767_225_600_000],
        [0, 72],
        [3, 97],
        [13, true],
      ],
    ]);
  });

  it('with more or fewer cells than columns are refused, and say on which line', async () => {
    const found = await csv('d,t,hr\nmon-1,1,72\n\nmon-1,1\nmon-1,1,72,3\n');
    expect(found.map(({ line, said: what }) => [line, 'code' in what])).toEqual([
      [2, false],
      [4, true],
      [5, true],
    ]);
  });

  it.each([
    ['', 'The file is empty.'],
    ['d,hr\n', 'No column is the time'],
    ['d,t\n', 'No column is a vital sign'],
    ['d,t,hr,heart_rate\n', 'Two columns are the same'],
  ])('cannot be read from %j', async (text, why) => {
    await expect(csv(text)).rejects.toThrow(why);
  });

  it('name the line from which a file is no CSV', async () => {
    await expect(csv('d,t,hr\nmon-1,1,72\n"mon-1,2,72\n')).rejects.toThrow(/line \d+ on \(CSV_QUOTE_NOT_CLOSED\)/);
  });
});

describe('lines', () => {
  it('of NDJSON are one reading each; what is none costs its own line only', async () => {
    const source = sourceOf('{"d":"mon-1","t":1,"hr":72}\n\n[]\n{"d"\n{"d":"mon-1","pulse":1}\r\n{"hr":null}');
    expect(await all(ndjsonRecords(source, start))).toEqual([
      { line: 1, next: { byte: 28, line: 2 }, said: [['device', 'mon-1'], ['time', 1], [0, 72]] }, // prettier-ignore
      { line: 3, next: { byte: 32, line: 4 }, said: { code: 'malformed' } },
      { line: 4, next: { byte: 37, line: 5 }, said: { code: 'malformed' } },
      { line: 5, next: { byte: 62, line: 6 }, said: { code: 'unknown_field', field: 'pulse' } },
      { line: 6, next: { byte: 73, line: 7 }, said: [[0, null]] },
    ]);
  });

  it.each([
    [
      'vitals,device=mon-1 hr=72i,temp=36.5 1767225600000123456',
      [
        ['device', 'mon-1'],
        ['time', 1767225600000.123],
        [0, 72],
        [10, 36.5],
      ],
    ],
    [
      'vitals,host=a\\ b,tu=[degF] temp=98 1',
      [
        ['device', 'a b'],
        ['temperatureUnit', '[degF]'],
        ['time', 0],
        [10, 98],
      ],
    ],
    [
      'vitals,device=m acvpu="V",o2=t',
      [
        ['device', 'm'],
        [14, 'V'],
        [13, true],
      ],
    ],
    ['cpu,host=a usage=1', { code: 'unknown_field', field: 'cpu' }],
    ['vitals,device=m usage=1', { code: 'unknown_field', field: 'usage' }],
    ['vitals,device=m', { code: 'malformed' }],
    ['vitals,device=m hr=', { code: 'malformed' }],
  ])('of line protocol are read: %s', async (text, expected) => {
    const source = sourceOf(`# comment\n${text}\n`);
    expect(said(await all(lineRecords(source, start, 'ns')))).toEqual([expected]);
  });

  it('of line protocol take no time out of proportion, whatever they are', async () => {
    const source = sourceOf(
      `vitals${',a=b'.repeat(20_000)} ${'hr=1,'.repeat(20_000)}\n${'\\'.repeat(100_000)}\n`,
      65_536,
    );
    const began = performance.now();
    expect(await all(lineRecords(source, start, 'ns'))).toHaveLength(2);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
