import { describe, expect, it } from '@jest/globals';
import { readSampledData } from './sampled-data.js';

const read = (data: string): unknown => readSampledData({ period: 4, dimensions: 1, origin: { value: 0 }, data })?.runs;

describe('samples', () => {
  it('are decimal numbers, in runs between the gaps', () => {
    expect(read('1 -2.5 3. E .4e1')).toEqual([
      { offsetMs: 0, samples: [1, -2.5, 3] },
      { offsetMs: 16, samples: [4] },
    ]);
    expect(read('1 .')).toBeUndefined();
  });

  it('that are none are known to be as fast as others, however long', () => {
    const begun = process.cpuUsage();
    expect(read(`${'9'.repeat(200_000)}x`)).toBeUndefined();
    expect(process.cpuUsage(begun).user / 1_000).toBeLessThan(1_000);
  });
});
