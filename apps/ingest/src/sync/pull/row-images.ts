import { syncEntities, type SyncEntityName } from '@hms/contracts';
import { LRUCache } from 'lru-cache';
import { Gathered } from '../../database/gathered.js';
import type { Lane } from '../../database/lane.js';
import type { Hospital } from '../../hospitals/hospital.js';
import type { FeedRing } from '../relay/feed-ring.js';
import type { FeedHead } from '../relay/feed-watch.js';
import type { Projection } from './projection.js';
import { rowsNow } from './pull-statements.js';

/** A row as it stands, for those who hold one of the keys. */
export interface RowImage {
  readonly id: string;
  readonly patient_id: string | null;
  /** Null for a row that is gone. */
  readonly keys: readonly string[] | null;
  /** JSON. */
  readonly row: string | null;
}

interface Kept {
  readonly image: RowImage;
  /** Where the feed stood before the row was read, and which it was: after a failover its positions are given again. */
  readonly at: number;
  readonly era: string;
}

export interface RowsWanted {
  readonly hospital: Hospital;
  readonly name: SyncEntityName;
  readonly projection: Projection;
  readonly ids: readonly string[];
}

const keptBytes = 32 * 1024 * 1024;
const overhead = 300;

/**
 * Rows as they were last read, for as long as the feed tells of no later change: all phones of a ward are told the same, so
 * it is read once.
 */
export class RowImages {
  readonly #kept = new LRUCache<string, Kept>({
    maxSize: keptBytes,
    sizeCalculation: ({ image }) => (image.row?.length ?? 0) + overhead,
  });
  readonly #reads = new WeakMap<Hospital, Map<string, Gathered<RowImage>>>();

  constructor(
    private readonly lane: Pick<Lane, 'query'>,
    private readonly feed: { readonly head: FeedHead | undefined; readonly ring: FeedRing },
  ) {}

  /** None of them older than the feed's head. */
  async find(wanted: RowsWanted): Promise<readonly RowImage[]> {
    const reads = this.#readsOf(wanted);
    const images = await Promise.all(
      wanted.ids.map((id) => {
        const current = this.#current(wanted, id);
        return current ? Promise.resolve(current) : reads.find(id);
      }),
    );
    return images.flatMap((image) => image ?? []);
  }

  #current({ hospital, name, projection }: RowsWanted, rowId: string): RowImage | undefined {
    const kept = this.#kept.get(`${hospital.id} ${projection.id} ${rowId}`);
    if (!kept || kept.era !== eraOf(this.feed.head) || kept.at < this.feed.ring.from) return undefined;
    const newest = this.feed.ring.newest({ hospitalId: hospital.id, entity: syncEntities[name].no, rowId });
    return newest === undefined || newest <= kept.at ? kept.image : undefined;
  }

  #readsOf({ hospital, name, projection }: RowsWanted): Gathered<RowImage> {
    let own = this.#reads.get(hospital);
    if (!own) this.#reads.set(hospital, (own = new Map<string, Gathered<RowImage>>()));
    let reads = own.get(projection.id);
    if (!reads) own.set(projection.id, (reads = new Gathered((ids) => this.#read(hospital, name, projection, ids))));
    return reads;
  }

  async #read(
    { id: hospitalId, schema }: Hospital,
    name: SyncEntityName,
    { id: projectionId, fields }: Projection,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, RowImage>> {
    const { head } = this.feed;
    const stands = { at: head?.pos ?? -1, era: eraOf(head) };
    const statement = rowsNow(schema, name, fields);
    const images = await this.lane.query<RowImage>((sql) => sql.unsafe<RowImage[]>(statement, [JSON.stringify(ids)]));
    for (const image of images) this.#kept.set(`${hospitalId} ${projectionId} ${image.id}`, { image, ...stands });
    return new Map(images.map((image) => [image.id, image]));
  }
}

const eraOf = (head: FeedHead | undefined): string => `${head?.feedId ?? ''} ${head?.epoch ?? ''}`;
