import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeJson } from './json.js';
import { readWaveforms } from './waveform.js';

const samples = (count: number): string => Buffer.alloc(count * 2, 7).toString('base64');
const ecg = { lead: 'II', hz: 250, scale: 0.005, origin: -1, b64: samples(250) };

describe('a waveform', () => {
  it('keeps its samples as they came; without scale and origin a sample is the value', () => {
    expect(readWaveforms(ecg)).toEqual([{ lead: 'II', hz: 250, scale: 0.005, origin: -1, samples: ecg.b64 }]);
    expect(readWaveforms({ lead: 'pleth', hz: 60, b64: samples(60) })).toMatchObject([{ scale: 1, origin: 0 }]);
  });

  it.each([
    ['a lead nobody knows', { lead: 'V9' }, 'unknown_field'],
    ['a member nobody knows', { gain: 2 }, 'unknown_field'],
    ['a rate that is no number', { hz: '250' }, 'not_a_number'],
    ['a rate of nothing', { hz: 0 }, 'out_of_range'],
    ['half a rate', { hz: 62.5 }, 'out_of_range'],
    ['too high a rate', { hz: 1_001 }, 'out_of_range'],
    ['a scale that makes everything the same', { scale: 0 }, 'out_of_range'],
    ['a scale the table cannot hold', { scale: 1e300 }, 'out_of_range'],
    ['a scale too small for the table', { scale: 1e-300 }, 'out_of_range'],
    ['no samples', { b64: '' }, 'malformed'],
    ['half a sample', { b64: Buffer.alloc(3).toString('base64') }, 'malformed'],
    ['what is no base64', { b64: "');--" }, 'malformed'],
    ['more samples than a chunk has', { b64: samples(901), hz: 1_000 }, 'out_of_range'],
    ['more than ten seconds', { b64: samples(51), hz: 5 }, 'out_of_range'],
  ])('is refused with %s', (_, wrong, code) => {
    expect(readWaveforms({ ...ecg, ...wrong })).toBe(code);
  });

  it('is refused when its lead comes twice in a reading, or when it is none', () => {
    expect(readWaveforms([ecg, ecg])).toBe('malformed');
    expect(readWaveforms([ecg, { ...ecg, lead: 'V1' }])).toHaveLength(2);
    expect(readWaveforms([])).toBe('empty');
    for (const value of ['II', 7, [null], [[ecg]]]) expect(readWaveforms(value)).toBe('malformed');
  });

  it('is read back whole, whatever its samples are', () => {
    fc.assert(
      fc.property(fc.int16Array({ minLength: 1, maxLength: 900 }), (values) => {
        const b64 = Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
        const read = readWaveforms({ lead: 'abp', hz: 1_000, b64 });
        expect(read).toMatchObject([{ samples: b64 }]);
      }),
    );
  });
});

describe('a reading', () => {
  const decode = (reading: object) =>
    decodeJson(JSON.stringify({ readings: [{ d: 'mon-1', t: 1_767_225_600_000, ...reading }] }), {
      at: 1_767_225_600_000,
      idempotencyKey: '',
    });

  it('may be of waveforms alone, or of values too', () => {
    expect(decode({ w: ecg }).readings).toMatchObject([{ waveforms: [{ lead: 'II' }] }]);
    expect(decode({ w: [ecg], hr: 72 }).readings).toHaveLength(1);
  });

  it('is refused with its waveform', () => {
    expect(decode({ hr: 72, w: { ...ecg, hz: 0 } }).rejected).toEqual([{ i: 0, code: 'out_of_range', field: 'w' }]);
  });
});
