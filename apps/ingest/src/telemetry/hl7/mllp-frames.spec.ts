import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MllpFrames, toFrame } from './mllp-frames.js';

const text = (messages: readonly Buffer[]): string[] => messages.map(String);

describe('MLLP frames', () => {
  it('come out as they went in, however the stream is cut', () => {
    const message = fc.string().filter((each) => !each.includes('\u001c\r'));
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 50 })), (messages, cuts) => {
        let stream = Buffer.concat(messages.map(toFrame));
        const frames = new MllpFrames(10_000);
        const seen: string[] = [];
        for (const cut of [...cuts, Infinity]) {
          seen.push(...text(frames.push(stream.subarray(0, cut))));
          stream = stream.subarray(cut);
        }
        expect(seen).toEqual(messages);
      }),
    );
  });

  it('that are too long, or no frames, end the stream, and nothing is kept without end', () => {
    expect(() => new MllpFrames(10).push(toFrame('12345678901'))).toThrow('too long');
    const frames = new MllpFrames(10);
    expect(frames.push(Buffer.from('\u000b12345'))).toEqual([]);
    expect(() => frames.push(Buffer.from('678901'))).toThrow('too long');
    expect(() => new MllpFrames(10).push(Buffer.from('GET / HTTP/1.1'))).toThrow('outside');
  });
});
