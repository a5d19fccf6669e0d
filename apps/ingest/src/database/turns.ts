import { commonError } from '@hms/contracts';

/** So many at once; others wait for their turn, but not for long. */
export class Turns {
  readonly #waiting = new Set<() => void>();

  constructor(
    private free: number,
    private readonly waitMs = 3_000,
  ) {}

  /** @throws AppError 503 when none came */
  async take(): Promise<void> {
    if (this.free > 0) {
      this.free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(enter);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(enter);
        reject(commonError('service.busy'));
      }, this.waitMs);
      this.#waiting.add(enter);
    });
  }

  /** Whoever waits longest is next. */
  giveBack(): void {
    const [next] = this.#waiting;
    if (next) next();
    else this.free++;
  }
}
