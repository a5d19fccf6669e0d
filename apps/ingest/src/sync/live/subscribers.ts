import type { FeedEntry } from '../relay/feed-ring.js';

/** Somebody who is told that something changed, but not what. */
export interface Subscriber {
  readonly hospitalId: string;
  /** By which keys they may hold rows. */
  readonly keys: readonly string[];
  /** Numbers of the entities they may read. */
  readonly entities: ReadonlySet<number>;
  readonly tell: (pos: number, entities: readonly number[]) => void;
}

interface Told {
  at: number;
  pos: number;
  readonly due: Set<number>;
}

/** Between two pokes of one subscriber. */
const coalesceMs = 250;
const flushEveryMs = 50;

/** Whom a change concerns: found by the keys of its row. */
export class Subscribers {
  readonly #byKey = new Map<string, Set<Subscriber>>();
  readonly #told = new Map<Subscriber, Told>();
  readonly #waiting = new Set<Subscriber>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  get size(): number {
    return this.#told.size;
  }

  add(subscriber: Subscriber): void {
    this.#told.set(subscriber, { at: -Infinity, pos: 0, due: new Set() });
    for (const key of keysOf(subscriber)) {
      const same = this.#byKey.get(key);
      if (same) same.add(subscriber);
      else this.#byKey.set(key, new Set([subscriber]));
    }
  }

  delete(subscriber: Subscriber): void {
    this.#told.delete(subscriber);
    this.#waiting.delete(subscriber);
    for (const key of keysOf(subscriber)) {
      const same = this.#byKey.get(key);
      same?.delete(subscriber);
      if (same?.size === 0) this.#byKey.delete(key);
    }
  }

  /** At once to those who were not told of late, and soon to the others. */
  onChanges(entries: readonly FeedEntry[]): void {
    for (const { hospitalId, keys, entity, pos } of entries) {
      for (const key of keys) {
        for (const subscriber of this.#byKey.get(`${hospitalId} ${key}`) ?? []) this.#note(subscriber, entity, pos);
      }
    }
    this.#flush();
  }

  /** When it is not known what changed, something may have for everybody. */
  onUnknown(pos: number): void {
    for (const subscriber of this.#told.keys()) {
      for (const entity of subscriber.entities) this.#note(subscriber, entity, pos);
    }
    this.#flush();
  }

  #note(subscriber: Subscriber, entity: number, pos: number): void {
    const told = this.#told.get(subscriber);
    if (!told || !subscriber.entities.has(entity)) return;
    told.due.add(entity);
    told.pos = pos;
    this.#waiting.add(subscriber);
  }

  #flush(): void {
    const now = this.now();
    for (const subscriber of this.#waiting) {
      const told = this.#told.get(subscriber);
      if (!told || now - told.at < coalesceMs) continue;
      this.#waiting.delete(subscriber);
      told.at = now;
      const entities = [...told.due];
      told.due.clear();
      subscriber.tell(told.pos, entities);
    }
    if (this.#waiting.size === 0 || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, flushEveryMs);
  }
}

const keysOf = ({ hospitalId, keys }: Subscriber): string[] => keys.map((key) => `${hospitalId} ${key}`);
