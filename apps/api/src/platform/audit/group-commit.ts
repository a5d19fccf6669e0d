import { commonError } from '@hms/contracts';

interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

interface Queue<T> {
  readonly waiting: Waiting<T>[];
  writing: boolean;
}

/** What a failed write says something about: an item, the place one of them is written to, or all places. */
export type Blame = 'item' | 'place' | 'store';

export interface GroupCommitOptions<T> {
  /** Makes the items durable, all or none. */
  readonly write: (items: readonly T[]) => Promise<void>;
  readonly placeOf: (item: T) => unknown;
  readonly blameOf: (err: unknown) => Blame;
  readonly maxBatch: number;
  /** More waiting items than this are refused. */
  readonly maxWaiting: number;
}

/**
 * Makes items durable many at a time: whatever arrives during one write is the next. It clocks itself, so a lone item
 * waits for nobody, and under load a write carries more. A place that fails is written apart until a write to it
 * succeeds, so that it neither fails nor holds up the others.
 */
export class GroupCommit<T> {
  readonly #together: Queue<T> = { waiting: [], writing: false };
  readonly #apart = new Map<unknown, Queue<T>>();

  constructor(private readonly options: GroupCommitOptions<T>) {}

  get waiting(): number {
    return [this.#together, ...this.#apart.values()].reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /** Resolves once the item is durable. @throws `service.busy` when too many wait, or what the write threw */
  add(item: T): Promise<void> {
    const queue = this.#apart.get(this.options.placeOf(item)) ?? this.#together;
    if (queue.waiting.length >= this.options.maxWaiting) return Promise.reject(commonError('service.busy'));
    return new Promise((resolve, reject) => this.#enqueue(queue, [{ item, resolve, reject }]));
  }

  #enqueue(queue: Queue<T>, items: readonly Waiting<T>[]): void {
    queue.waiting.push(...items);
    if (!queue.writing) void this.#drain(queue);
  }

  async #drain(queue: Queue<T>): Promise<void> {
    queue.writing = true;
    while (queue.waiting.length > 0) await this.#write(queue.waiting.splice(0, this.options.maxBatch));
    queue.writing = false;
  }

  async #write(batch: readonly Waiting<T>[]): Promise<void> {
    try {
      await this.options.write(batch.map(({ item }) => item));
    } catch (err) {
      return this.#failed(batch, err);
    }
    for (const { item, resolve } of batch) {
      this.#apart.delete(this.options.placeOf(item));
      resolve();
    }
  }

  /** Neither a bad place nor a bad item takes others along: each place is written anew, and then one item by one. */
  async #failed(batch: readonly Waiting<T>[], err: unknown): Promise<void> {
    const blame = this.options.blameOf(err);
    const places = this.#byPlace(batch);
    if (blame !== 'store' && places.size > 1) {
      for (const [place, items] of places) this.#enqueue(this.#setApart(place), items);
    } else if (blame === 'item' && batch.length > 1) {
      for (const one of batch) await this.#write([one]);
    } else {
      if (blame === 'place') for (const place of places.keys()) this.#setApart(place);
      for (const { reject } of batch) reject(err);
    }
  }

  #setApart(place: unknown): Queue<T> {
    const queue = this.#apart.get(place) ?? { waiting: [], writing: false };
    this.#apart.set(place, queue);
    return queue;
  }

  #byPlace(batch: readonly Waiting<T>[]): Map<unknown, Waiting<T>[]> {
    const places = new Map<unknown, Waiting<T>[]>();
    for (const waiting of batch) {
      const place = this.options.placeOf(waiting.item);
      places.set(place, [...(places.get(place) ?? []), waiting]);
    }
    return places;
  }
}
