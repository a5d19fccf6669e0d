interface Entry<Client> {
  readonly client: Client;
  uses: number;
}

interface Disconnectable {
  $disconnect(): Promise<void>;
}

/**
 * Keeps the most recently used clients open, at most `capacity` of them plus those in use: disconnecting a Prisma
 * client aborts its transactions, so one in use is never dropped.
 */
export class ClientCache<Client extends Disconnectable> {
  // A Map iterates in insertion order, so the least recently used entry comes first.
  readonly #entries = new Map<string, Entry<Client>>();

  constructor(
    private readonly capacity: number,
    private readonly open: (key: string) => Client,
    private readonly onError: (err: Error) => void,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  /** Runs `work` with the client of `key`, which stays connected until the returned promise settles. */
  async use<T>(key: string, work: (client: Client) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key) ?? { client: this.open(key), uses: 0 };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.uses += 1;
    this.#dropIdle();
    try {
      return await work(entry.client);
    } finally {
      entry.uses -= 1;
      this.#dropIdle();
    }
  }

  /** Disconnects every client; transactions that still run are rolled back. */
  async close(): Promise<void> {
    const clients = [...this.#entries.values()].map((entry) => entry.client);
    this.#entries.clear();
    await Promise.all(clients.map((client) => client.$disconnect()));
  }

  #dropIdle(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.capacity) return;
      if (entry.uses > 0) continue;
      this.#entries.delete(key);
      entry.client.$disconnect().catch(this.onError);
    }
  }
}
