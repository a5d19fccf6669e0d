/** Reads again whenever something changed, one reading at a time, and hands on what it read. */
export class Latest<V> {
  #reading = false;
  #stale = false;
  #stopped = false;

  constructor(
    private readonly read: () => Promise<V>,
    private readonly deliver: (value: V) => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  readonly poke = (): void => {
    this.#stale = true;
    if (!this.#reading) void this.#run();
  };

  stop(): void {
    this.#stopped = true;
  }

  #hand(value: V): void {
    if (!this.#stopped) this.deliver(value);
  }

  async #run(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#stale && !this.#stopped) {
        this.#stale = false;
        this.#hand(await this.read());
      }
    } catch (err) {
      this.failed(err);
    } finally {
      this.#reading = false;
    }
  }
}
