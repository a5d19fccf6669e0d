import { describe, expect, it } from '@jest/globals';
import { AppError } from '@hms/contracts';
import fc from 'fast-check';
import { cpuMs } from '../../../testing/cpu-time.js';
import { fields } from '../../fields.js';
import type { TelemetryBatch } from '../../telemetry-batch.js';
import { acknowledge } from './ack.js';
import { hl7Text } from './hl7-text.js';
import { parseMessage } from './message.js';
import { decodeOru } from './oru.js';
import { parseHl7Time } from './time.js';

const now = Date.UTC(2026, 0, 1, 0, 0, 10);
const header = String.raw`MSH|^~\&|PICiX|ICU|HMS||20260101053010.000+0530||ORU^R01^ORU_R01|HP0001|P|2.6|||AL|NE||8859/1`;
const message = (...segments: string[]): string => [header, ...segments].join('\r');
const decode = (...segments: string[]): TelemetryBatch => {
  const text = message(...segments);
  return decodeOru(text, parseMessage(text), { at: now, idempotencyKey: '' });
};
const seen = (...segments: string[]): unknown[] =>
  decode(...segments).readings.map(({ device, recordedAt, values }) => [
    device,
    new Date(recordedAt / 1_000).toISOString(),
    Object.fromEntries<number>(
      values.flatMap((value, i) => (Number.isNaN(value) ? [] : [[String(fields[i]?.wire), value]])),
    ),
  ]);

describe('a message', () => {
  it('is read with its own delimiters and without its escapes', () => {
    const [msh, obx] = parseMessage(['MSH#*~!$#a#', String.raw`OBX#1##x*y$z~w#!F!!S!!T!!R!!E!!X41!!H!b`].join('\n'));
    expect([msh.get(1), msh.get(3), msh.get(99), obx?.get(3), obx?.get(3, 2), obx?.get(4)]).toEqual([
      '#',
      'a',
      '',
      'x',
      'y',
      '#*$~!Ab',
    ]);
  });

  it.each(['', 'PID|1', 'MSH', 'MSH|', String.raw`MSH|^~\&`, String.raw`MSH|^^\&|`, 'MSH|abcd|', '\u000bMSH|^~\\&|a'])(
    'that is %j is none',
    (text) => {
      expect(() => parseMessage(text)).toThrow(/request.malformed/);
    },
  );

  const name = 'PID|1||ü';
  const inCharset = (charset: string): string => `${header.replace('8859/1', charset)}\r${name}`;
  const short = `MSH|^~\\&|PICiX|ICU\r${name}`;

  it.each([
    ['8859/1', inCharset('8859/1'), 'latin1'],
    ['8859/15', inCharset('8859/15'), 'latin1'],
    ['Windows-1252', inCharset('Windows-1252'), 'latin1'],
    ['ASCII, and is none', inCharset('ASCII'), 'latin1'],
    ['8859/1 before another', inCharset('8859/1~UNICODE UTF-8'), 'latin1'],
    ['UNICODE UTF-8', inCharset('UNICODE UTF-8'), 'utf8'],
    ['one we do not know, in UTF-8', inCharset('8859/99'), 'utf8'],
    ['nothing, in UTF-8', inCharset(''), 'utf8'],
    ['nothing, in Latin-1', inCharset(''), 'latin1'],
    ['nothing, its MSH being short, in UTF-8', short, 'utf8'],
    ['nothing, its MSH being short, in Latin-1', short, 'latin1'],
  ] as const)('is in the character set that MSH-18 states: %s', (_, text, encoding) => {
    expect(hl7Text(Buffer.from(text, encoding))).toBe(text);
  });

  it.each(['UNICODE UTF-8', 'GB 18030-2000', '8859/99'])('that is not in %s, as it states, is none', (charset) => {
    expect(() => hl7Text(Buffer.from(inCharset(charset), 'latin1'))).toThrow(/request.malformed/);
  });

  it('is read in the characters of a page that is no superset of Latin-1', () => {
    expect(hl7Text(Buffer.from(inCharset('8859/5').replace('ü', '\u00d0'), 'latin1'))).toContain('а');
  });

  it.each([60, 100_000])('with %i fields in its MSH takes no longer than one with few', (count) => {
    const text = `MSH|^~\\&${'|a'.repeat(count)}\r${name}`;
    expect(cpuMs(() => expect(() => hl7Text(Buffer.from(text, 'latin1'))).toThrow(/request.malformed/))).toBeLessThan(
      250,
    );
  });
});

describe('a time', () => {
  it.each([
    ['20260101053010.1234+0530', '', now + 123.4],
    ['20260101053010', '+0530', now],
    ['202601010000+0000', '', now - 10_000],
    ['20260101000010', '', 'missing_zone'],
    ['20260101', '+0000', 'malformed'],
    ['20261301000010', '+0000', 'malformed'],
    ['', '+0000', 'missing_time'],
  ])('%s in %s', (time, zone, at) => {
    expect(parseHl7Time(time, zone)).toBe(at);
  });
});

describe('observations', () => {
  const obr = 'OBR|1||0009fbFFFF9b42b3^^^EUI-64|69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|||20260101053000+0530';
  const mds = 'OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||mon-12';
  const hr = 'OBX|2|NM|147842^MDC_ECG_CARD_BEAT_RATE^MDC|1.2.1.1|72|264864^MDC_DIM_BEAT_PER_MIN^MDC|50-120||||F';

  it('of IHE PCD-01 are of the device above them and of the time of their group', () => {
    expect(
      seen(obr, mds, hr, 'OBX|3|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.1|97|262688^MDC_DIM_PERCENT^MDC|||||F'),
    ).toEqual([['mon-12', '2026-01-01T00:00:00.000Z', { hr: 72, spo2: 97 }]]);
  });

  it('may be in LOINC and UCUM, structured, of a device and a time of their own, and without a device entry', () => {
    expect(
      seen(
        obr,
        'OBX|1|SN|8480-6^Systolic^LN||=^16|kPa|||||F|||20260101053005+0530',
        'OBX|2|NM|local^Temp^99X^8310-5^Body temperature^LN||98.6|[degF]|||||F|||20260101053006||||other',
      ),
    ).toEqual([
      ['0009fbFFFF9b42b3', '2026-01-01T00:00:05.000Z', { sys: 120 }],
      ['other', '2026-01-01T00:00:06.000Z', { temp: 37 }],
    ]);
  });

  it('that were not obtained, are wrong, or say nothing, are gaps', () => {
    const gaps = ['X', 'W', 'D'].map((status) => hr.replace('||||F', `||||${status}`));
    const { readings, rejected } = decode(obr, mds, ...gaps, hr.replace('|72|', '||'));
    expect([readings, rejected]).toEqual([[], []]);
  });

  const of = (type: string, code: string, value: string, unit = ''): string =>
    `OBX|9|${type}|${code}^^LN||${value}|${unit}|||||F`;

  it.each([
    ['a number in a text', of('ST', '8867-4', ' 72 ', '/min'), { hr: 72 }],
    ['a number in lines of text', of('TX', '8310-5', '98.6', '[degF]'), { temp: 37 }],
    ['impedance respiration', of('NM', '', '17').replace('^^LN', '151578^^MDC'), { rr: 17 }],
    ['MDC kPa', of('NM', '8480-6', '16', '265987^^MDC'), { sys: 120 }],
    ['MDC degrees Fahrenheit', of('NM', '8310-5', '98.6', '266560^^MDC'), { temp: 37 }],
    ['consciousness as a code', of('CWE', '67775-7', 'V^responds to voice'), { acvpu: 2 }],
    ['consciousness as a text', of('ST', '67775-7', 'a'), { acvpu: 0 }],
    ['consciousness by what its code is called', of('CE', '67775-7', 'X1^P^L'), { acvpu: 3 }],
    ['oxygen', of('CWE', '57485-9', 'Y^Yes^HL70136'), { o2: 1 }],
    ['no oxygen', of('CE', '57485-9', 'LA32-8^No^LN'), { o2: 0 }],
  ])('may be %s', (_, obx, values) => {
    expect(seen(obr, mds, obx)).toEqual([['mon-12', '2026-01-01T00:00:00.000Z', values]]);
  });

  it.each([
    ['a text that is no number', of('ST', '8867-4', 'high'), 'not_a_number'],
    ['a bound in a text', of('ST', '8867-4', '>200'), 'not_a_number'],
    ['a type that holds no number', of('CWE', '8867-4', '72'), 'unsupported'],
    ['samples', of('NA', '8867-4', '1^2^3'), 'unsupported'],
    ['a level that is none', of('CWE', '67775-7', 'drowsy'), 'malformed'],
    ['a number of a level', of('NM', '67775-7', '1'), 'unsupported'],
    ['neither yes nor no', of('CWE', '57485-9', 'nasal'), 'malformed'],
  ])('are refused, and not passed over, where they are known and say %s', (_, obx, reason) => {
    const { readings, rejected } = decode(obr, mds, hr, obx);
    expect([readings.length, rejected.map(({ code }) => code)]).toEqual([1, [reason]]);
  });

  it('of codes nobody knows are passed over unless they are numbers', () => {
    const { rejected } = decode(obr, mds, hr, of('ST', '1-8', 'text'), of('CWE', '1-8', 'A'), of('NM', '1-8', '5'));
    expect(rejected.map(({ i, code }) => [i, code])).toEqual([[4, 'unknown_field']]);
  });

  it('that cannot be taken leave the others alone', () => {
    const { readings, rejected } = decode(
      obr,
      mds,
      hr,
      hr.replace('147842', '999999'),
      hr.replace('|72|', '|high|'),
      hr.replace('|72|', '|999|'),
      hr.replace('264864', '266016'),
    );
    expect([readings.length, rejected.map(({ i, code }) => [i, code])]).toEqual([
      1,
      [
        [2, 'unknown_field'],
        [3, 'not_a_number'],
        [4, 'out_of_range'],
        [5, 'malformed'],
      ],
    ]);
  });

  it('of a number without end are refused as fast as others', () => {
    const long = hr.replace('|72|', `|${'9'.repeat(100_000)}x|`);
    expect(cpuMs(() => expect(decode(obr, mds, long).rejected).toHaveLength(1))).toBeLessThan(250);
  });

  it('are readings, refusals or problems, whatever the message', () => {
    const part = fc.oneof(
      fc.constantFrom('|', '^', '\r', 'OBX', 'OBR', 'NM', '147842^^MDC', '72', '\\', '~', '&', obr, mds, hr),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        try {
          const { readings, rejected } = decode(parts.join(''));
          expect(readings.length + rejected.length).toBeGreaterThanOrEqual(0);
        } catch (err) {
          expect(err).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('an acknowledgement', () => {
  it('names the message it answers, and each entry that was not taken', () => {
    const [asked] = parseMessage(header);
    const rejected = [{ i: 3, code: 'unknown_field', field: '999999' } as const];
    const text = acknowledge(asked, {
      code: 'AA',
      hospital: 'st_brigid',
      controlId: 'c-1',
      at: new Date(now),
      rejected,
    });
    expect(text.split('\r')).toEqual([
      String.raw`MSH|^~\&|HMS|st_brigid|PICiX|ICU|20260101000010+0000||ACK^R01^ACK|c-1|P|2.6|||||||UNICODE UTF-8`,
      'MSA|CA|HP0001',
      'ERR||OBX^4|103^Table value not found^HL70357|W||||unknown_field 999999',
      '',
    ]);
  });

  it('gives nothing back that could be read as structure', () => {
    const [asked] = parseMessage(String.raw`MSH|^~\&|a\F\b|c&d||||||x\S\y\X0D\MSA|P|2.6`);
    const text = acknowledge(asked, { code: 'AR', hospital: 'h', controlId: 'c', at: new Date(now) });
    expect(text.split('\r')[1]).toBe('MSA|AR|xyMSA');
    expect(text.split('\r')[0]).toContain('|ab|c|');
  });
});

describe('what PID-3 says', () => {
  const value = 'OBX|1|NM|147842^^MDC||72|264864^^MDC|||||F|||20260101000000+0000||||mon-1';
  const stated = (pid: string): unknown => decode(`PID|1||${pid}`, value).readings[0]?.patient;

  it.each([
    ['12345^^^HOSP^MR', ['12345']],
    ['12345', ['12345']],
    ['S1^^^NAT^NI~12345^^^HOSP^MR~V7^^^HOSP^VN', ['12345']],
  ])('is held against the patient by its record numbers: %s', (pid, mrns) => {
    expect(stated(pid)).toEqual({ ids: mrns, mrns });
  });

  it.each(['', '""', 'S1^^^NAT^NI'])('is held against nobody when there is none: %j', (pid) => {
    expect(stated(pid)).toBeUndefined();
  });
});
