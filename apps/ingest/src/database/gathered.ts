const gatherForMs = 8;

/** Questions that come at about the same time are asked as one. */
export class Gathered<V> {
  #waiting = new Map<string, ((answer: Promise<V | undefined>) => void)[]>();

  /** @param ask about all of these; what it leaves out is not there */
  constructor(private readonly ask: (ids: readonly string[]) => Promise<ReadonlyMap<string, V>>) {}

  find(id: string): Promise<V | undefined> {
    return new Promise((resolve) => {
      if (this.#waiting.size === 0) setTimeout(() => this.#askAll(), gatherForMs);
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), resolve]);
    });
  }

  #askAll(): void {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    const found = this.ask([...waiting.keys()]);
    for (const [id, resolvers] of waiting) {
      const answer = found.then((answers) => answers.get(id));
      for (const resolve of resolvers) resolve(answer);
    }
  }
}
