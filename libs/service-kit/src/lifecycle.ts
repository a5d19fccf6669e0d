import type { Logger } from './logger.js';

interface Step {
  readonly name: string;
  readonly stop: () => Promise<void> | void;
}

/**
 * Stops what was started, last first, once, on SIGTERM or SIGINT; then exits 0, or 1 when a step failed or the whole
 * took longer than `graceMs`.
 */
export class Lifecycle {
  readonly #steps: Step[] = [];
  #stopping: Promise<void> | undefined;

  constructor(
    private readonly logger: Logger,
    private readonly graceMs = 10_000,
  ) {}

  onStop(name: string, stop: Step['stop']): void {
    this.#steps.push({ name, stop });
  }

  get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  listen(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void this.stop(signal));
  }

  stop(reason: string): Promise<void> {
    return (this.#stopping ??= this.#run(reason));
  }

  async #run(reason: string): Promise<void> {
    this.logger.info({ reason }, 'stopping');
    const guard = setTimeout(() => {
      this.logger.error({ graceMs: this.graceMs }, 'did not stop in time');
      process.exit(1);
    }, this.graceMs);
    let code = 0;
    for (const step of this.#steps.toReversed()) {
      try {
        await step.stop();
      } catch (err) {
        code = 1;
        this.logger.error({ err, step: step.name }, 'failed to stop');
      }
    }
    clearTimeout(guard);
    this.logger.info('stopped');
    process.exit(code);
  }
}
