import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CacheLink } from './cache-link.service.js';

/** Carried by every entry of a space, so that renewing it forgets them all. */
export const everything = '*';
/** Longer than any entry lives. */
const lifetimeSeconds = 24 * 60 * 60;

const newGeneration = (): string => randomBytes(8).toString('base64url');

/**
 * The present generation of each tag, kept in Redis and nowhere else.
 *
 * The key of an entry contains the generations its reader found before it loaded the value. A write deletes them after
 * its commit and before its answer, and whoever asks next begins new ones. So it looks under another key: what a slow
 * reader stores afterwards, having read before the commit, is never found.
 */
@Injectable()
export class Generations {
  /** Spaces of which Redis did not confirm that something in them changed. */
  readonly #unconfirmed = new Set<string>();

  constructor(private readonly link: CacheLink) {
    link.onReturn(() => this.#catchUp());
  }

  /** The generations of these tags as a part of a key; undefined when Redis cannot tell. */
  async current(space: string, tags: readonly string[]): Promise<string | undefined> {
    const keys = [everything, ...tags].map((tag) => keyOf(space, tag));
    const found = await this.link.ask((redis) => redis.mget(keys));
    const missing = keys.filter((_, i) => found?.[i] === null);
    return missing.length > 0 ? this.#begin(keys, missing) : whole(found);
  }

  /**
   * Makes everything unfindable that was stored under these tags. Never fails: what Redis misses now, it is told later.
   * @returns whether Redis knows
   */
  async renew(space: string, tags: readonly string[]): Promise<boolean> {
    // Deleting needs no memory, so it works where Redis is full.
    const told = await this.link.tell((redis) => redis.unlink(tags.map((tag) => keyOf(space, tag))));
    if (!told) this.#unconfirmed.add(space);
    return told;
  }

  /** Redis does not know these tags, or no longer: whoever comes first says where they begin. */
  async #begin(keys: string[], missing: readonly string[]): Promise<string | undefined> {
    const found = await this.link.ask(async (redis) => {
      await Promise.all(missing.map((key) => redis.set(key, newGeneration(), 'EX', lifetimeSeconds, 'NX')));
      return redis.mget(keys);
    });
    return whole(found);
  }

  async #catchUp(): Promise<void> {
    const spaces = [...this.#unconfirmed];
    this.#unconfirmed.clear();
    await Promise.all(spaces.map((space) => this.renew(space, [everything])));
  }
}

const keyOf = (space: string, tag: string): string => `${space}:gen:${tag}`;

function whole(found: readonly (string | null)[] | undefined): string | undefined {
  return found === undefined || found.includes(null) ? undefined : found.join('.');
}
