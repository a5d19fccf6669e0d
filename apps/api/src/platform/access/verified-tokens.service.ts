import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { verifyAccessToken, type AccessClaims } from '@hms/auth';
import { errors } from 'jose';
import { LRUCache } from 'lru-cache';
import { TokenKeys } from './token-keys.service.js';

interface Verified {
  readonly claims: AccessClaims;
  readonly kid: string | undefined;
  readonly key: KeyObject;
}

/**
 * Checks the signature of a token once, however often it is sent. What was found out counts until the token expires, its
 * key is retired or the key file is read again; then it is checked as if it were new.
 */
@Injectable()
export class VerifiedTokens {
  readonly #verified = new LRUCache<string, Verified>({ max: 10_000 });

  constructor(private readonly keys: TokenKeys) {}

  /** @throws InvalidTokenError */
  async claimsOf(token: string, now = new Date()): Promise<AccessClaims> {
    const known = this.#verified.get(token);
    if (known && this.#counts(known, now)) return known.claims;
    this.#verified.delete(token);
    const verified = await this.#verify(token, now);
    this.#verified.set(token, verified);
    return verified.claims;
  }

  #counts({ claims, kid, key }: Verified, now: Date): boolean {
    return now.getTime() < claims.expiresAt * 1_000 && this.keys.verificationKey(kid, now) === key;
  }

  async #verify(token: string, now: Date): Promise<Verified> {
    let signer: Pick<Verified, 'kid' | 'key'> | undefined;
    const find = ({ kid }: { kid?: string }): KeyObject => {
      const key = this.keys.verificationKey(kid, now);
      if (!key) throw new errors.JWKSNoMatchingKey();
      signer = { kid, key };
      return key;
    };
    const claims = await verifyAccessToken(token, find, now);
    if (!signer) throw new Error('a token was verified without a key');
    return { claims, ...signer };
  }
}
