import { describe, expect, it } from '@jest/globals';
import { FlushNumbers } from './flush-numbers.js';

describe('the numbers of flushes', () => {
  it('grow across restarts, whatever the rate', () => {
    const first = new FlushNumbers(() => 1_000);
    const drawn = Array.from({ length: 2_000 }, () => first.open());
    expect(drawn.every((no, i) => i === 0 || no > (drawn[i - 1] ?? 0))).toBe(true);
    expect(new FlushNumbers(() => 1_003).open()).toBeGreaterThan(drawn.at(-1) ?? 0);
  });
});

describe('the position', () => {
  it('stays before the oldest flush that is still open, and never goes back', () => {
    const numbers = new FlushNumbers(() => 1);
    const [a, b, c] = [numbers.open(), numbers.open(), numbers.open()];
    expect(numbers.position).toBe(a - 1);
    numbers.close(b);
    expect(numbers.position).toBe(a - 1);
    numbers.close(a);
    expect(numbers.position).toBe(b);
    numbers.close(c);
    expect(numbers.position).toBe(c);
    const d = numbers.open();
    expect(numbers.position).toBe(c);
    numbers.close(d);
    expect(numbers.position).toBe(d);
  });
});
