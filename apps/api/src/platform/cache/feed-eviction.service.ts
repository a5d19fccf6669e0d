import { Injectable } from '@nestjs/common';
import { HospitalDirectory } from '../tenancy/hospital-directory.repository.js';
import { Cache } from './cache.service.js';
import { FeedFollowerRepository } from './feed-follower.repository.js';

const changesAStep = 2_000;

/**
 * Forgets what the change feed says has changed, whoever wrote it: the API, phones through ingest, or SQL by hand. Several
 * may work side by side; forgetting twice does no harm.
 */
@Injectable()
export class FeedEviction {
  constructor(
    private readonly feed: FeedFollowerRepository,
    private readonly hospitals: HospitalDirectory,
    private readonly cache: Cache,
  ) {}

  /**
   * @param follower under what its place in the feed is kept
   * @returns whether there may be more to forget at once; not so while Redis cannot be told
   */
  async step(follower = 'cache'): Promise<boolean> {
    const standing = await this.feed.standing(follower);
    const { head, pos } = standing;
    if (pos === head) return false;
    const upTo = pos === undefined ? await this.#forgetAll(head) : await this.#forgetChanged(pos);
    if (upTo === undefined) return false;
    await this.feed.cameTo(follower, upTo, standing);
    return upTo < head;
  }

  /** Up to where it has forgotten; undefined when Redis could not be told. */
  async #forgetChanged(pos: bigint): Promise<bigint | undefined> {
    const { upTo, patients } = await this.feed.changesAfter(pos, changesAStep);
    for (const [hospitalId, ids] of Object.entries(patients)) {
      const tags = ['patients', ...ids.map((id) => `patient:${id}`)];
      if (!(await this.cache.invalidate(hospitalId, tags))) return undefined;
    }
    return upTo;
  }

  async #forgetAll(head: bigint): Promise<bigint | undefined> {
    for (const { id } of await this.hospitals.provisioned()) {
      if (!(await this.cache.invalidateAll(id))) return undefined;
    }
    return head;
  }
}
