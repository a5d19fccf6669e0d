interface Line {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * So many at once for each key, the others in the order they came. Those who want the same thing wait here, where waiting
 * costs nothing, and not on a database connection each, where they would keep out everybody else.
 */
export class KeyedQueue {
  readonly #lines = new Map<string, Line>();

  constructor(private readonly width: number) {}

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key) ?? { running: 0, waiting: [] };
    this.#lines.set(key, line);
    if (line.running < this.width) line.running += 1;
    else await new Promise<void>((resolve) => line.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = line.waiting.shift();
      // The place is handed on.
      if (next) next();
      else line.running -= 1;
      if (line.running === 0) this.#lines.delete(key);
    }
  }
}
