import type { SyncEntityName, SyncRequest, SyncReset } from '@hms/contracts';
import { type Cursor, reachOf, writeCursor } from './cursor.js';

/** What one pull answers. Rows are JSON text already. */
export interface Pulled {
  readonly changes: ReadonlyMap<
    SyncEntityName,
    { readonly put: string[]; readonly del: string[]; readonly out: string[] }
  >;
  readonly reset: readonly SyncReset[];
  readonly snapshotDone: readonly string[];
  readonly cursors: Readonly<Record<string, string>>;
  readonly complete: boolean;
  /** Where snapshots begin that leave out what is older; RFC 3339. */
  readonly historyFrom: Readonly<Record<string, string>>;
  /** The device came with cursors of another scope: it may hold rows it has not purged, whatever it said before. */
  readonly isOfOtherScope: boolean;
  /** Where the feed stood: everything before is in it, or `complete` is false. */
  readonly upTo: number;
  /** Whose rows were sent. */
  readonly patientIds: readonly string[];
}

/** A row as it stands, for somebody. */
export interface ShownRow {
  readonly id: string;
  readonly patient_id: string | null;
  readonly op: 'put' | 'del' | 'out';
  readonly row: string | null;
}

/** Rows read at once: they may be long, and some of them not fit. */
const mostRead = 250;

/** What is answered, up to its limits. */
export class Page {
  readonly #changes = new Map<SyncEntityName, { put: string[]; del: string[]; out: string[] }>();
  readonly #resets: SyncReset[] = [];
  readonly #done: string[] = [];
  readonly #cursors: Record<string, string> = {};
  readonly #patients = new Set<string>();
  readonly #historyFrom: Record<string, string> = {};
  isOfOtherScope = false;
  #rows = 0;
  #bytes = 0;
  #complete = true;

  constructor(
    private readonly limits: Pick<NonNullable<SyncRequest['pull']>, 'limit' | 'max_bytes'>,
    private readonly upTo: number,
  ) {}

  get room(): number {
    return this.isFull ? 0 : Math.min(this.limits.limit - this.#rows, mostRead);
  }

  get isFull(): boolean {
    return this.#rows >= this.limits.limit || this.#bytes >= this.limits.max_bytes;
  }

  get result(): Pulled {
    return {
      changes: this.#changes,
      reset: this.#resets,
      snapshotDone: this.#done,
      cursors: this.#cursors,
      complete: this.#complete,
      historyFrom: this.#historyFrom,
      isOfOtherScope: this.isOfOtherScope,
      upTo: this.upTo,
      patientIds: [...this.#patients],
    };
  }

  reset(entity: SyncEntityName, why: SyncReset['why']): void {
    this.#resets.push({ entity, why, how: 'snapshot' });
  }

  /** The actor may not read the entity (any more): what the device holds of it is to go. */
  withdraw(name: SyncEntityName): void {
    this.reset(name, 'projection');
    this.#done.push(name);
  }

  /** @returns those of the rows that fit; the first of a page always does */
  take(name: SyncEntityName, rows: readonly ShownRow[]): readonly ShownRow[] {
    let taken = 0;
    for (const { id, op, row, patient_id: patientId } of rows) {
      if (this.isFull) break;
      const changes = this.#of(name);
      if (op === 'put' && row !== null) changes.put.push(row);
      else changes[op === 'put' ? 'del' : op].push(id);
      this.#rows++;
      this.#bytes += row?.length ?? 40;
      if (op === 'put' && patientId !== null) this.#patients.add(patientId);
      taken++;
    }
    return rows.slice(0, taken);
  }

  /** The snapshot leaves out what was written before. */
  beginHistory(name: SyncEntityName, from: Date): void {
    this.#historyFrom[name] = from.toISOString();
  }

  /** There is more of the entity. */
  leave(name: SyncEntityName, cursor: Cursor): void {
    this.#complete = false;
    this.#cursors[name] = writeCursor({ ...cursor, r: Math.max(reachOf(cursor), this.upTo) });
  }

  /** The device knows all up to the cursor's position. */
  follow(name: SyncEntityName, cursor: Cursor): void {
    this.#cursors[name] = writeCursor({ ...cursor, r: undefined });
  }

  /** What changed meanwhile follows, from where the snapshot began. */
  snapshotEnds(name: SyncEntityName, cursor: Cursor): void {
    this.#done.push(name);
    this.leave(name, cursor);
  }

  #of(name: SyncEntityName): { put: string[]; del: string[]; out: string[] } {
    let changes = this.#changes.get(name);
    if (!changes) this.#changes.set(name, (changes = { put: [], del: [], out: [] }));
    return changes;
  }
}
