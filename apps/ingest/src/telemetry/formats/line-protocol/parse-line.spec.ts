import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseLines, type BrokenLine, type Line } from './parse-line.js';

const parse = (text: string): (Line | BrokenLine)[] => [...parseLines(text)];
const seen = (text: string): unknown =>
  parse(text).map((line) =>
    'broken' in line
      ? [line.number, line.broken]
      : [line.number, line.measurement, Object.fromEntries(line.tags), Object.fromEntries(line.fields), line.timestamp],
  );

describe('a line', () => {
  it.each([
    ['vitals,device=mon-12 hr=72i,spo2=97 1767225600000000000', 'vitals', { device: 'mon-12' }, { hr: 72, spo2: 97 }],
    ['v f=1', 'v', {}, { f: 1 }],
    ['v   f=-1.5e3   12', 'v', {}, { f: -1500 }],
    ['v f=.5,g=+1,h=1.,i=7u', 'v', {}, { f: 0.5, g: 1, h: 1, i: 7 }],
    [
      'v a=t,b=T,c=true,d=True,e=TRUE,f=f,g=False',
      'v',
      {},
      { a: true, b: true, c: true, d: true, e: true, f: false, g: false },
    ],
    ['v s="",t="a, b=c d"', 'v', {}, { s: '', t: 'a, b=c d' }],
    [String.raw`v s="a \"b\" \\ \n"`, 'v', {}, { s: String.raw`a "b" \ \n` }],
    [String.raw`my\ v\,1,ta\=g\ x=va\,l\ u\=e fi\=e\,l\ d=1`, 'my v,1', { 'ta=g x': 'va,l u=e' }, { 'fi=e,l d': 1 }],
    [String.raw`v,p=C:\temp\ f=1`, 'v', { p: String.raw`C:\temp f=1` }, undefined],
    [String.raw`v,p=C:\temp f=1`, 'v', { p: String.raw`C:\temp` }, { f: 1 }],
    ['v,unit=°C f="°"', 'v', { unit: '°C' }, { f: '°' }],
  ])('%s', (text, measurement, tags, fields) => {
    const [line] = parse(text);
    if (fields === undefined) expect(line).toHaveProperty('broken');
    else {
      expect(line).toMatchObject({ number: 1, measurement });
      expect(seen(text)).toEqual([[1, measurement, tags, fields, (line as Line).timestamp]]);
    }
  });

  it('keeps the digits of its time, or has none', () => {
    expect(parse('v f=1 1767225600000000001\nv f=1\nv f=1 -5 \r\n').map((line) => (line as Line).timestamp)).toEqual([
      '1767225600000000001',
      undefined,
      '-5',
    ]);
  });

  it.each([
    [',t=1 f=1', 'missing measurement'],
    ['v', 'missing fields'],
    ['v ', 'missing fields'],
    ['v f', 'missing fields'],
    ['v f=', 'bad field value'],
    ['v =1', 'missing fields'],
    ['v f=1,', 'missing fields'],
    ['v f=1x', 'bad field value'],
    ['v f=0x1F', 'bad field value'],
    ['v f=NaN', 'bad field value'],
    ['v f=1e', 'bad field value'],
    ['v f=1.5i', 'bad field value'],
    ['v f="a', 'unbalanced quotes'],
    ['v f="a"b', 'bad field value'],
    ['v,t f=1', 'missing tag value'],
    ['v,t= f=1', 'missing tag value'],
    ['v,t=1,t=2 f=1', 'duplicate tags'],
    ['v f=1 noon', 'bad timestamp'],
    ['v f=1 1.5', 'bad timestamp'],
    ['v f=1 1 2', 'bad timestamp'],
  ])('%s is broken: %s', (text, broken) => {
    expect(seen(text)).toEqual([[1, broken]]);
  });
});

describe('lines', () => {
  it('may be blank or comments, end with CRLF, and keep their numbers', () => {
    expect(seen('# a comment\n\n  v f=1\r\n#\nv\nv f=2')).toEqual([
      [3, 'v', {}, { f: 1 }, undefined],
      [5, 'missing fields'],
      [6, 'v', {}, { f: 2 }, undefined],
    ]);
  });

  it('go on in a string', () => {
    expect(seen('v f="a\nb" 1\nv g=1')).toEqual([
      [1, 'v', {}, { f: 'a\nb' }, '1'],
      [3, 'v', {}, { g: 1 }, undefined],
    ]);
  });

  const name = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !/[\n\r\\"#\t]|^\s|\s$/.test(text));
  const escape = (text: string): string => text.replaceAll(/[,= ]/g, String.raw`\$&`);
  const value = fc.oneof(
    fc.integer().map((n) => [`${String(n)}i`, n] as const),
    fc.boolean().map((b) => [String(b), b] as const),
    fc
      .string()
      .filter((s) => !/[\\"]/.test(s))
      .map((s) => [`"${s}"`, s] as const),
  );

  it('say what they were written from', () => {
    fc.assert(
      fc.property(
        name,
        fc.dictionary(name, name, { noNullPrototype: true }),
        fc.dictionary(name, value, { minKeys: 1, noNullPrototype: true }),
        (measurement, tags, fields) => {
          const text = `${escape(measurement)}${Object.entries(tags)
            .map(([k, v]) => `,${escape(k)}=${escape(v)}`)
            .join('')} ${Object.entries(fields)
            .map(([k, [v]]) => `${escape(k)}=${v}`)
            .join(',')} 17`;
          expect(parse(text)).toEqual([
            {
              number: 1,
              measurement,
              tags: new Map(Object.entries(tags)),
              fields: new Map(Object.entries(fields).map(([k, [, v]]) => [k, v])),
              timestamp: '17',
            },
          ]);
        },
      ),
    );
  });

  it('end, whatever they are: each is read or broken', () => {
    const noise = fc.array(
      fc.oneof(fc.constantFrom('v', ',', '=', ' ', '"', '\\', '\n', '\r', '1', 'i', '#', 't'), fc.string()),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(noise, (parts) => {
        const text = parts.join('');
        const numbers = parse(text).map(({ number }) => number);
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
        expect(numbers.at(-1) ?? 0).toBeLessThanOrEqual(text.split('\n').length);
      }),
      { numRuns: 2_000 },
    );
  });
});
