import { describe, expect, it } from '@jest/globals';
import { parseIfMatch } from './etag.js';

describe('If-Match', () => {
  it('gives the version of a strong or weak tag', () => {
    expect(parseIfMatch('"7"')).toBe(7);
    expect(parseIfMatch('W/"12"')).toBe(12);
  });

  it('must be there', () => {
    expect(() => parseIfMatch(undefined)).toThrow('precondition.required');
  });

  it.each(['*', '7', '"7', '"x"', '""', '"99999999999"'])('never matches %s', (header) => {
    expect(() => parseIfMatch(header)).toThrow('precondition.failed');
  });
});
