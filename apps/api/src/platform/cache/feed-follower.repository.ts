import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';

/** How far a follower of the change feed has come, and how far the feed goes. */
export interface FeedStanding {
  readonly feedId: string;
  readonly epoch: number;
  readonly head: bigint;
  /** Undefined when the feed cannot say what changed since: it is another one, or has dropped it. */
  readonly pos: bigint | undefined;
}

/** Patients whose records changed, by hospital. */
export interface ChangedRecords {
  readonly upTo: bigint;
  readonly patients: Readonly<Record<string, readonly string[]>>;
}

type StandingRow = Omit<FeedStanding, 'pos'> & { readonly pos: bigint | null };

@Injectable()
export class FeedFollowerRepository {
  constructor(private readonly database: HospitalDatabase) {}

  async standing(name: string): Promise<FeedStanding> {
    const [row] = await this.database.publicClient.$queryRaw<[StandingRow]>`
      select r.feed_id::text as "feedId", r.epoch, r.pos as head, f.pos
        from sync.relay r
        left join sync.follower f on f.name = ${name} and f.feed_id = r.feed_id and f.epoch = r.epoch
                                 and f.pos between r.floor_pos and r.pos`;
    return { ...row, pos: row.pos ?? undefined };
  }

  async changesAfter(pos: bigint, most: number): Promise<ChangedRecords> {
    const [changed] = await this.database.publicClient.$queryRaw<[ChangedRecords]>`
      select up_to as "upTo", patients from sync.records_changed(${pos}, ${most}::int)`;
    return changed;
  }

  async cameTo(name: string, pos: bigint, { feedId, epoch }: FeedStanding): Promise<void> {
    await this.database.publicClient.$executeRaw`
      insert into sync.follower values (${name}, ${feedId}::uuid, ${epoch}, ${pos})
      on conflict (name) do update set feed_id = excluded.feed_id, epoch = excluded.epoch, pos = excluded.pos`;
  }
}
