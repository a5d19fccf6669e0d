import { syncError } from '@hms/contracts';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Lane } from '../../database/lane.js';
import { readableBy, type SyncActor } from '../access/sync-actor.js';
import { entities } from '../entities/registry.js';
import { projectionOf } from '../pull/projection.js';
import type { FeedHead } from '../relay/feed-watch.js';

const content = z.object({
  feed: z.string(),
  epoch: z.number(),
  keys: z.array(z.string()),
  /** By entity: a short name of the fields that are shown of it. */
  shown: z.record(z.string(), z.string()),
});
export type ReplicaContent = z.output<typeof content>;

export interface Replica extends ReplicaContent {
  readonly no: number;
}

/** What a replica of the actor's is made of today. */
export function contentOf(actor: SyncActor, keys: readonly string[], { feedId, epoch }: FeedHead): ReplicaContent {
  const readable = readableBy(actor).map((name) => [name, projectionOf(entities[name], actor.permissions).id]);
  return { feed: feedId, epoch, keys: [...keys], shown: Object.fromEntries(readable) as Record<string, string> };
}

const cached = 20_000;
const mostOfADevice = 65_535;
/** A server that is promoted may not know of the last numbers a device was given: fewer than this. */
const mostForgotten = 100;

/** What the replicas of devices were made of, by the numbers their checkpoints carry. */
export class Replicas {
  readonly #numbers = new LRUCache<string, number>({ max: cached });

  constructor(private readonly lane: Pick<Lane, 'query'>) {}

  /** The number of this content, which is the same whenever the device has it again. */
  async numbered(deviceId: string, made: ReplicaContent): Promise<Replica> {
    const text = JSON.stringify(made);
    const key = `${deviceId} ${text}`;
    let no = this.#numbers.get(key);
    // Two of its requests may draw the same number: one of them looks again.
    for (let tries = 0; no === undefined && tries < 5; tries++) no = await this.#draw(deviceId, text, made);
    if (no === undefined || no > mostOfADevice) throw syncError('sync.replica-outdated');
    this.#numbers.set(key, no);
    return { no, ...made };
  }

  /** Those of a device, by number. */
  async find(deviceId: string, numbers: readonly number[]): Promise<Map<number, Replica>> {
    if (numbers.length === 0) return new Map();
    const rows = await this.lane.query<{ no: number; content: string }>(
      (sql) => sql`
        select no, content from sync.replica where device_id = ${deviceId}
           and no in (select value::int from jsonb_array_elements_text(${JSON.stringify(numbers)}::text::jsonb))`,
    );
    return new Map(rows.map(({ no, content: text }) => [no, { no, ...content.parse(JSON.parse(text)) }]));
  }

  async #draw(deviceId: string, text: string, { feed, epoch }: ReplicaContent): Promise<number | undefined> {
    const ofThisEpoch = JSON.stringify({ feed, epoch });
    const rows = await this.lane.query<{ no: number }>(
      (sql) => sql`
        with known as (
          select no from sync.replica where device_id = ${deviceId} and md5(content) = md5(${text}::text)
        ), made as (
          insert into sync.replica (device_id, no, content)
          select ${deviceId}, coalesce(max(no) + case when bool_or(content::jsonb @> ${ofThisEpoch}::text::jsonb) then 1
                                                     else ${mostForgotten}::int end, 1), ${text}
            from sync.replica where device_id = ${deviceId}
          having not exists (select from known)
          on conflict do nothing returning no
        )
        select no from known union all select no from made`,
    );
    return rows[0]?.no;
  }
}
