import { createPublicKey, type KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { assertOutsideTransaction, type Logger } from '@hms/service-kit';
import { errors, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { ApiConfig } from '../../platform/config/api-config.js';
import { rootLogger } from '../../platform/observability/observability.tokens.js';
import { firebaseError } from './firebase.errors.js';

const Jwks = z.object({
  keys: z
    .array(z.object({ kid: z.string().regex(/^[\w-]{1,64}$/), kty: z.literal('RSA'), n: z.string(), e: z.string() }))
    .min(1),
});

/** How long keys count when Google cannot be asked for newer ones. */
const lastGoodMs = 24 * 3_600_000;
const askEveryMs = 30_000;
const answerWithinMs = 3_000;
const defaultMaxAgeMs = 3_600_000;

/** Google's keys at one time. */
interface KeySet {
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly fetchedAt: number;
  readonly freshUntil: number;
}

/**
 * The keys Google signs ID tokens with. They are asked for when they grow old or a `kid` is unknown, at most once in 30 s
 * whatever tokens are presented; without an answer the last ones count for 24 hours.
 */
@Injectable()
export class FirebaseKeys {
  #known: KeySet | undefined;
  #askedAt = -Infinity;
  #failed = false;
  #asking: Promise<void> | undefined;

  constructor(
    private readonly config: ApiConfig,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {}

  /** Resolves keys as of `now`. @throws `firebase.unavailable` when no key counts and Google does not answer */
  at(now: Date): JWTVerifyGetKey {
    return async ({ kid }) => {
      assertOutsideTransaction('asking for the keys of Firebase');
      const time = now.getTime();
      if (!this.#known || time >= this.#known.freshUntil) await this.#ask(time);
      let key = this.#find(kid, time);
      if (!key) {
        await this.#ask(time);
        key = this.#find(kid, time);
      }
      if (key) return key;
      // While Google is silent nobody knows whether the key exists.
      if (!this.#known || this.#failed) throw firebaseError('firebase.unavailable');
      throw new errors.JWKSNoMatchingKey();
    };
  }

  #find(kid: string | undefined, time: number): KeyObject | undefined {
    if (kid === undefined || !this.#known || time - this.#known.fetchedAt > lastGoodMs) return undefined;
    return this.#known.keys.get(kid);
  }

  /** Concurrent callers share one question. */
  #ask(time: number): Promise<void> {
    if (this.#asking) return this.#asking;
    if (time - this.#askedAt < askEveryMs) return Promise.resolve();
    this.#askedAt = time;
    this.#asking = this.#fetch(time).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #fetch(time: number): Promise<void> {
    try {
      const url = this.config.firebase?.jwksUrl ?? '';
      const answer = await fetch(url, { signal: AbortSignal.timeout(answerWithinMs), redirect: 'error' });
      if (!answer.ok) throw new Error(`status ${String(answer.status)}`);
      const { keys } = Jwks.parse(await answer.json());
      const maxAge = maxAgeOf(answer.headers.get('cache-control'));
      this.#known = {
        keys: new Map(keys.map(({ kid, ...jwk }) => [kid, createPublicKey({ key: jwk, format: 'jwk' })])),
        fetchedAt: time,
        freshUntil: time + Math.min(maxAge, lastGoodMs),
      };
      this.#failed = false;
    } catch (err) {
      this.#failed = true;
      this.logger.warn({ err }, 'cannot fetch the keys of Firebase');
    }
  }
}

/** In milliseconds. */
export function maxAgeOf(cacheControl: string | null): number {
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(cacheControl ?? '')?.[1];
  return seconds === undefined ? defaultMaxAgeMs : Number(seconds) * 1_000;
}
