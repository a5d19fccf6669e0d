import { commonError } from '@hms/contracts';

interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export interface GroupCommitOptions<T> {
  /** Makes the items durable, all or none. */
  readonly write: (items: readonly T[]) => Promise<void>;
  /** Whether a failed write says something about one of its items, rather than about where they are written to. */
  readonly blamesItem: (err: unknown) => boolean;
  readonly maxBatch: number;
  /** More waiting items than this are refused. */
  readonly maxWaiting: number;
}

/**
 * Makes items durable many at a time: whatever arrives during one write is the next. It clocks itself, so a lone item
 * waits for nobody, and under load a write carries more.
 */
export class GroupCommit<T> {
  readonly #waiting: Waiting<T>[] = [];
  #writing = false;

  constructor(private readonly options: GroupCommitOptions<T>) {}

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves once the item is durable. @throws `service.busy` when too many wait, or what the write threw */
  add(item: T): Promise<void> {
    if (this.#waiting.length >= this.options.maxWaiting) return Promise.reject(commonError('service.busy'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#writing) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0, this.options.maxBatch));
    this.#writing = false;
  }

  /** One bad item must not take others along: they are then written one by one. */
  async #write(batch: readonly Waiting<T>[]): Promise<void> {
    try {
      await this.options.write(batch.map(({ item }) => item));
      for (const { resolve } of batch) resolve();
    } catch (err) {
      if (batch.length > 1 && this.options.blamesItem(err)) for (const one of batch) await this.#write([one]);
      else for (const { reject } of batch) reject(err);
    }
  }
}
