/** Chances that come again with the same seed. */
export class Chance {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, but not, `below`. */
  int(below: number): number {
    // Mulberry32.
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  pick<T>(of: readonly T[]): T {
    return of[this.int(of.length)] as T;
  }
}

/** Loses four in a hundred requests on their way, and eight in a hundred answers, until it is healed. */
export class LossyNetwork {
  #healed = false;
  lost = 0;

  constructor(private readonly chance: Chance) {}

  heal(): void {
    this.#healed = true;
  }

  readonly post = async (url: string, token: string, body: unknown): Promise<unknown> => {
    const fate = this.#healed ? 100 : this.chance.int(100);
    if (fate < 4) return this.#lose();
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer: unknown = await response.json();
    if (fate < 12) return this.#lose();
    if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };

  #lose(): never {
    this.lost += 1;
    throw new TypeError('fetch failed');
  }
}
