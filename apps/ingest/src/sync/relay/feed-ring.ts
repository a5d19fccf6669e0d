/** A change of a row, as the feed tells of it. */
export interface FeedEntry {
  readonly pos: number;
  readonly hospitalId: string;
  readonly entity: number;
  readonly rowId: string;
  /** By which keys a device may hold the row, or might before. */
  readonly keys: readonly string[];
}

export interface ChangedKey {
  /** Of the row's last change. */
  readonly pos: number;
  readonly entity: number;
  readonly id: string;
}

/** Rows in the order of their last change. */
export interface Changed {
  readonly rows: readonly ChangedKey[];
  /** How many changes they had: as many as were asked for, when there may be more. */
  readonly entries: number;
}

export interface ChangesWanted {
  readonly hospitalId: string;
  /** After this position, up to that one. */
  readonly since: number;
  readonly upTo: number;
  readonly entities: readonly number[];
  readonly keys: readonly string[];
  readonly limit: number;
}

/** The latest changes of all hospitals, so that most devices are told what is new without a question to the database. */
export class FeedRing {
  #from = Infinity;
  #size = 0;
  /** In the order of positions. */
  #entries = new Map<string, FeedEntry[]>();
  #newest = new Map<string, number>();

  constructor(private readonly limit = 100_000) {}

  /** Everything after this position is here. */
  get from(): number {
    return this.#from;
  }

  /** Forgets everything, and goes on after `pos`. */
  restart(pos: number): void {
    this.#from = pos;
    this.#size = 0;
    this.#entries = new Map();
    this.#newest = new Map();
  }

  /** Takes what follows upon all it has, in the order of positions. */
  add(entries: readonly FeedEntry[]): void {
    for (const entry of entries) {
      const own = this.#entries.get(entry.hospitalId);
      if (own) own.push(entry);
      else this.#entries.set(entry.hospitalId, [entry]);
      this.#newest.set(keyOf(entry), entry.pos);
    }
    this.#size += entries.length;
    if (this.#size > this.limit) this.#forget();
  }

  /** Where the row last changed; undefined when that was before all that is here. */
  newest(row: Pick<FeedEntry, 'hospitalId' | 'entity' | 'rowId'>): number | undefined {
    return this.#newest.get(keyOf(row));
  }

  /** Undefined when what is wanted is older than all that is here. */
  changed({ hospitalId, since, upTo, entities, keys, limit }: ChangesWanted): Changed | undefined {
    if (since < this.#from) return undefined;
    const own = this.#entries.get(hospitalId) ?? [];
    const rows = new Map<string, ChangedKey>();
    let entries = 0;
    for (let at = firstAfter(own, since); at < own.length && entries < limit; at++) {
      const entry = own[at] as FeedEntry;
      if (entry.pos > upTo) break;
      if (!entities.includes(entry.entity) || !entry.keys.some((key) => keys.includes(key))) continue;
      entries++;
      const key = keyOf(entry);
      // Again at the end: rows come in the order of their last change.
      rows.delete(key);
      rows.set(key, { pos: entry.pos, entity: entry.entity, id: entry.rowId });
    }
    return { rows: [...rows.values()], entries };
  }

  /** The older half goes at once: one by one would cost more. */
  #forget(): void {
    const positions = [...this.#entries.values()].flatMap((own) => own.map(({ pos }) => pos)).sort((a, b) => a - b);
    const kept = Math.floor(this.limit / 2);
    this.#from = positions[positions.length - kept - 1] ?? this.#from;
    this.#size = kept;
    for (const [hospitalId, own] of this.#entries) {
      const left = own.slice(firstAfter(own, this.#from));
      if (left.length > 0) this.#entries.set(hospitalId, left);
      else this.#entries.delete(hospitalId);
    }
    for (const [key, pos] of this.#newest) if (pos <= this.#from) this.#newest.delete(key);
  }
}

const keyOf = ({ hospitalId, entity, rowId }: Pick<FeedEntry, 'hospitalId' | 'entity' | 'rowId'>): string =>
  `${hospitalId} ${entity} ${rowId}`;

/** The first place whose position is after `pos`. */
function firstAfter(entries: readonly FeedEntry[], pos: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as FeedEntry).pos <= pos) low = middle + 1;
    else high = middle;
  }
  return low;
}
