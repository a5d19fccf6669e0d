import { describe, expect, it } from '@jest/globals';
import { AppError } from '@hms/contracts';
import { parseJsonBody } from './json-body.js';
import { jsonLimits } from './json-shape.js';

const read = (body: string | Uint8Array): unknown => parseJsonBody(Buffer.from(body));

function refusalOf(body: string | Uint8Array): string | undefined {
  try {
    read(body);
    return undefined;
  } catch (err) {
    if (err instanceof AppError && err.code === 'request.malformed') return err.details.detail;
    throw err;
  }
}

const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
const object = (members: number): string =>
  `{${Array.from({ length: members }, (_, index) => `"m${index}":1`).join(',')}}`;
const array = (items: number): string => `{"a":[${Array.from({ length: items }, () => 1).join(',')}]}`;

describe('a JSON body', () => {
  it.each([
    '{}',
    ' {"a" : [ ] , "b":{}}\n',
    '{"quote":"\\"","backslash":"\\\\","both":"\\\\\\"","name":"x"}',
    '{"a":{"same":1},"b":{"same":1},"c":["same","same"]}',
    '{"emoji":"😀","pair":"\\ud83d\\ude00","rtl":"\\u202e","nfd":"e\\u0301"}',
    '{"n":[-0,1e308,0.1,9007199254740993,123456789012345678901234567890]}',
    '{"brackets":"[[[[{{{{,,,,","colon":":"}',
    nested(jsonLimits.depth),
    object(jsonLimits.members),
    array(jsonLimits.items),
  ])('is read as JSON.parse does: %.60s', (body) => {
    expect(read(body)).toEqual(JSON.parse(body));
  });

  it('may be absent', () => {
    expect(read('')).toBeUndefined();
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['a name twice', '{"a":1,"a":2}', /once/],
    ['a name twice, once in disguise', '{"a":1,"\\u0061":2}', /once/],
    ['a name twice, deep down', '{"x":[{"a":1,"b":{"c":1},"a":2}]}', /once/],
    ['__proto__', '{"__proto__":{"admin":true}}', /name/],
    ['__proto__ in disguise', '{"x":{"\\u005f_proto__":1}}', /name/],
    ['constructor', '{"constructor":{"prototype":{}}}', /name/],
    ['prototype', '{"prototype":1}', /name/],
    ['one level too many', nested(jsonLimits.depth + 1), /deep/],
    ['one member too many', object(jsonLimits.members + 1), /members/],
    ['one element too many', array(jsonLimits.items + 1), /elements/],
    ['more in all', `{"a":[${Array.from({ length: 200 }, () => object(150)).join(',')}]}`, /in all/],
    ['a name too long', `{"${'n'.repeat(jsonLimits.nameLength + 1)}":1}`, /names/],
    ['U+0000', '{"a":"x\\u0000"}', /U\+0000/],
    ['U+0000 as a name', '{"\\u0000":1}', /U\+0000/],
    ['half a surrogate pair', '{"a":"\\ud800"}', /surrogates/],
    ['the pair the wrong way round', '{"a":"\\ude00\\ud83d"}', /surrogates/],
    ['a number beyond a double', '{"a":1e309}', /double/],
    ['a negative one', '{"a":-1e309}', /double/],
    ['a byte order mark', Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), /JSON/],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le'), /JSON/],
    ['UTF-16 with its mark', Buffer.from('\ufeff{"a":1}', 'utf16le'), /UTF-8/],
    ['bytes that are no text', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d]), /UTF-8/],
    ['a surrogate in UTF-8', Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d]), /UTF-8/],
    ['more after the end', '{}{}', /JSON/],
    ['a comment', '{}//x', /JSON/],
    ['NaN', '{"a":NaN}', /JSON/],
    ['a control character in text', '{"a":"\n"}', /JSON/],
    ['an array', '[{}]', /object/],
    ['null', 'null', /object/],
    ['text', '"x"', /object/],
    ['a number', '1', /object/],
  ])('with %s is refused with what to change', (_, body, detail) => {
    expect(refusalOf(body)).toMatch(detail);
  });

  it('cut short anywhere is refused', () => {
    const whole = '{"a":[1,-2.5e3,"x\\u0041\\"y",{"b":null}],"c":true}';
    for (let end = 1; end < whole.length; end += 1) {
      expect([end, refusalOf(whole.slice(0, end))]).toEqual([end, expect.any(String)]);
    }
  });

  // Milliseconds where it is linear; minutes where it is not.
  it('of the largest size is decided on within a second, whatever it is made of', () => {
    const size = 1024 * 1024;
    const hostile: Record<string, string> = {
      'open arrays': '['.repeat(size),
      'open objects': '{"a":'.repeat(size / 5),
      'a wide array': `{"a":[${'1,'.repeat(size / 2 - 8)}1]}`,
      'many members': object(70_000),
      backslashes: `{"a":"${'\\'.repeat(size - 10)}"}`,
      'backslashes and quotes': `{"a":${'"\\\\",'.repeat(size / 6)}`,
      'escaped quotes': `{"a":"${'\\"'.repeat(size / 2 - 5)}"}`,
      'one long name': `{"${'n'.repeat(size - 8)}":1}`,
      'one long number': `{"a":${'9'.repeat(size - 8)}}`,
      'an exponent that does not end': `{"a":1e${'0'.repeat(size - 8)}}`,
      signs: `{"a":${'-'.repeat(size - 8)}}`,
      blanks: `${' '.repeat(size - 2)}{}`,
      'one text': `{"a":"${'x'.repeat(size - 8)}"}`,
      commas: ','.repeat(size),
      ends: ']'.repeat(size),
    };
    read(hostile['one text'] ?? '');
    const slow = Object.entries(hostile).flatMap(([name, body]) => {
      const bytes = Buffer.from(body);
      const spent = millisecondsOf(() => void refusalOf(bytes));
      return spent > 1_000 ? [`${name}: ${spent.toFixed(1)} ms`] : [];
    });
    expect(slow).toEqual([]);
  });
});

function millisecondsOf(work: () => void): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}
