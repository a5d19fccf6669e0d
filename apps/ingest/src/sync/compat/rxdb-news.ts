import { commonError, syncLimits } from '@hms/contracts';
import { readableNumbers } from '../access/sync-actor.js';
import type { FeedWatch } from '../relay/feed-watch.js';
import type { CompatClient, Contacts } from './compat-client.js';

export interface RxdbNewsParts {
  readonly contacts: Pick<Contacts, 'stand'>;
  readonly feed: Pick<FeedWatch, 'head' | 'news'>;
}

export interface RxdbNewsAnswer {
  /** To be sent with the next question. */
  readonly since: number;
  /** Whether it is worth pulling. */
  readonly news: boolean;
}

/** Says when to pull: what a client of RxDB makes `RESYNC` of in its stream. */
export class RxdbNews {
  constructor(private readonly parts: RxdbNewsParts) {}

  /** Ends when something changed that the device may hold, at the latest after 25 s. */
  async wait(client: CompatClient, since: number | null): Promise<RxdbNewsAnswer> {
    const { contacts, feed } = this.parts;
    const { scope } = await contacts.stand(client);
    const { actor } = client;
    if (!feed.head) throw commonError('service.unavailable');
    const who = { hospitalId: actor.hospital.id, keys: scope.keys, entities: readableNumbers(actor) };
    const news = since === null || (await feed.news(who, since, syncLimits.waitMs));
    return { since: feed.head.pos, news };
  }
}
