import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cpuMs } from '../../testing/cpu-time.js';
import { Room } from '../room.js';
import { MllpFrames, toFrame } from './mllp-frames.js';

const ample = { shared: 10_000_000, each: 0 };
const framesOf = (maxBytes: number, room = new Room(ample)): MllpFrames => new MllpFrames(maxBytes, room.share());
const push = (frames: MllpFrames, chunk: Buffer | string): string[] => [...frames.push(Buffer.from(chunk))].map(String);

describe('MLLP frames', () => {
  it('come out as they went in, however the stream is cut, and nothing of them is left', () => {
    const message = fc.string().filter((each) => !each.includes('\u001c\r'));
    const blank = fc.constantFrom('', '\r', '\r\n', ' \t\n');
    fc.assert(
      fc.property(fc.array(fc.tuple(message, blank)), fc.array(fc.integer({ min: 1, max: 50 })), (sent, cuts) => {
        let stream = Buffer.concat(sent.flatMap(([each, behind]) => [toFrame(each), Buffer.from(behind)]));
        const room = new Room({ shared: 10_000, each: 0 });
        const frames = framesOf(10_000, room);
        const seen: string[] = [];
        for (const cut of [...cuts, Infinity]) {
          seen.push(...push(frames, stream.subarray(0, cut)));
          stream = stream.subarray(cut);
        }
        expect(seen).toEqual(sent.map(([each]) => each));
        expect([frames.open, room.share().enter(10_000)]).toEqual([false, true]);
      }),
    );
  });

  it('that are too long, or no frames, end the stream', () => {
    expect(() => push(framesOf(10), toFrame('12345678901'))).toThrow('too long');
    const frames = framesOf(10);
    expect(push(frames, '\u000b12345')).toEqual([]);
    expect(() => push(frames, '678901234')).toThrow('too long');
    expect(() => push(framesOf(10), 'GET / HTTP/1.1')).toThrow('outside');
  });

  it('are there, though what follows them is none', () => {
    const seen: string[] = [];
    const read = (): void => {
      for (const each of framesOf(10).push(Buffer.concat([toFrame('a'), Buffer.from('x')]))) seen.push(String(each));
    };
    expect(read).toThrow('outside');
    expect(seen).toEqual(['a']);
  });

  it('find no more room than all of them have, and give it back when their stream ends', () => {
    const room = new Room({ shared: 1_000, each: 10 });
    const [greedy, modest] = [framesOf(2_000, room), framesOf(2_000, room)];
    push(greedy, `\u000b${'x'.repeat(1_000)}`);
    expect(push(modest, toFrame('1234'))).toEqual(['1234']);
    expect(() => push(modest, `\u000b${'x'.repeat(50)}`)).toThrow('no room');
    greedy.release();
    expect(push(framesOf(2_000, room), toFrame('x'.repeat(500)))).toHaveLength(1);
  });

  it('in single bytes cost what they cost in one piece, but for a few times', () => {
    const bytes = toFrame('x'.repeat(200_000));
    const whole = (): string[] => {
      const frames = framesOf(1_000_000);
      return Array.from(bytes, (byte) => push(frames, Buffer.from([byte]))).flat();
    };
    expect(cpuMs(() => expect(whole()).toHaveLength(1))).toBeLessThan(2_000);
  });
});
