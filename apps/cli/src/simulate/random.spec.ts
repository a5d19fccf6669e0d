import { Random } from './random.js';

const draw = (name: string, count: number): number[] => {
  const random = new Random(name);
  return Array.from({ length: count }, () => random.next());
};

describe('seeded chance', () => {
  it('repeats itself for the same name and differs for another', () => {
    expect(draw('a', 20)).toEqual(draw('a', 20));
    expect(draw('a', 20)).not.toEqual(draw('b', 20));
  });

  it('is spread evenly over [0, 1)', () => {
    const tenths = Array<number>(10).fill(0);
    for (const x of draw('even', 20_000)) tenths[Math.floor(x * 10)]! += 1;
    for (const count of tenths) expect(count / 2_000).toBeCloseTo(1, 0);
  });

  it('draws normal values with mean 0 and deviation 1', () => {
    const random = new Random('normal');
    const values = Array.from({ length: 20_000 }, () => random.normal());
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });
});
