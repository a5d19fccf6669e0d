import { createHash } from 'node:crypto';

/** A reproducible source of chance: the same name gives the same sequence, on every machine. Not for secrets. */
export class Random {
  readonly #state: Uint32Array;
  #spareNormal: number | undefined;

  constructor(name: string) {
    const digest = createHash('sha256').update(name).digest();
    this.#state = Uint32Array.from({ length: 4 }, (_, i) => digest.readUInt32LE(i * 4));
  }

  /** Uniform in [0, 1), 32 bits of it; xoshiro128++ (Blackman and Vigna, 2019). */
  next(): number {
    const s = this.#state;
    const [a, b, c, d] = [s[0] ?? 0, s[1] ?? 0, s[2] ?? 0, s[3] ?? 0];
    const sum = (a + d) >>> 0;
    const result = (((sum << 7) | (sum >>> 25)) + a) >>> 0;
    s[2] = c ^ a;
    s[3] = d ^ b;
    s[1] = b ^ s[2];
    s[0] = a ^ s[3];
    s[2] ^= b << 9;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result / 2 ** 32;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number from low to high, both possible. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.integer(0, from.length - 1)] ?? from[0];
  }

  /** Standard normal, by the polar method. */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const x = this.between(-1, 1);
      const y = this.between(-1, 1);
      const square = x * x + y * y;
      if (square > 0 && square < 1) {
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        this.#spareNormal = y * factor;
        return x * factor;
      }
    }
  }
}
