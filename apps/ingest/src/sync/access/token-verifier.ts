import { type AccessClaims, InvalidTokenError, verifyAccessToken } from '@hms/auth';
import { commonError } from '@hms/contracts';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';

const cachedTokens = 50_000;
/** A key that was withdrawn verifies nothing after this. */
const keysForMs = 60_000;

/** Verifies access tokens with the public keys the API publishes; this service could never make one. */
export class TokenVerifier {
  readonly #keys: JWTVerifyGetKey;
  readonly #verified = new LRUCache<string, { claims: AccessClaims; untilMs: number }>({ max: cachedTokens });

  constructor(
    jwksUrl: URL,
    private readonly now: () => number = Date.now,
  ) {
    this.#keys = createRemoteJWKSet(jwksUrl, {
      cacheMaxAge: keysForMs,
      cooldownDuration: 2_000,
      timeoutDuration: 3_000,
    });
  }

  /** @param header `Bearer …` @throws AppError 401, or 503 while the keys cannot be read */
  async verify(header: string): Promise<AccessClaims> {
    const known = this.#verified.get(header);
    const now = this.now();
    if (known && now < known.untilMs) return known.claims;
    if (!header.startsWith('Bearer ')) throw commonError('auth.unauthenticated');
    try {
      const claims = await verifyAccessToken(header.slice(7), this.#keys, new Date(now));
      const untilMs = Math.min(claims.expiresAt * 1_000, now + keysForMs);
      this.#verified.set(header, { claims, untilMs });
      return claims;
    } catch (err) {
      throw commonError(isAboutKeys(err) ? 'service.unavailable' : 'auth.unauthenticated', { cause: err });
    }
  }
}

/** The keys could not be fetched: that says nothing about the token. */
function isAboutKeys(thrown: unknown): boolean {
  if (!(thrown instanceof InvalidTokenError)) return true;
  const { cause } = thrown;
  if (cause instanceof errors.JWKSTimeout) return true;
  return cause instanceof TypeError || (cause instanceof errors.JOSEError && cause.code === 'ERR_JOSE_GENERIC');
}
