/**
 * Does a round of work, pauses, and does the next, until it is stopped. There are never two rounds at once. A round that
 * says that there is more is followed at once.
 */
export class Rounds {
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  /** @param failed is told why a round failed; the next one comes after the pause */
  constructor(
    private readonly work: () => Promise<boolean>,
    private readonly pauseMs: number,
    private readonly failed: (err: unknown) => void,
  ) {}

  /** For rounds that can end early. */
  get stopped(): boolean {
    return this.#stopped;
  }

  start(): void {
    this.#round = this.#run();
  }

  /** Resolves once the round under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async #run(): Promise<void> {
    const more = await this.work().catch((err: unknown) => {
      this.failed(err);
      return false;
    });
    if (!this.#stopped) this.#timer = setTimeout(() => this.start(), more ? 0 : this.pauseMs);
  }
}
