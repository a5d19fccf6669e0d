import { createPublicKey } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { accessTokenAlgorithm } from '@hms/auth';
import { createLocalJWKSet, importJWK, type CryptoKey, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { ApiConfig } from '../config/api-config.js';

/** The keys access tokens are signed and verified with. Lookups by `kid` never leave memory. */
@Injectable()
export class TokenKeys {
  /** Public half, as `/.well-known/jwks.json` shows it. */
  readonly jwks: JSONWebKeySet;
  readonly verificationKey: JWTVerifyGetKey;
  readonly #signing: Promise<{ kid: string; key: CryptoKey | Uint8Array }>;

  constructor(config: ApiConfig) {
    this.jwks = {
      keys: config.signingKeys.map(({ kty, crv, kid, x }) => ({
        kty,
        crv,
        kid,
        x,
        alg: accessTokenAlgorithm,
        use: 'sig',
      })),
    };
    for (const jwk of this.jwks.keys) createPublicKey({ key: jwk as Record<string, unknown>, format: 'jwk' });
    this.verificationKey = createLocalJWKSet(this.jwks);
    const [newest] = config.signingKeys;
    if (!newest) throw new Error('AUTH_KEYS_FILE has no signing key');
    this.#signing = importJWK({ ...newest }, accessTokenAlgorithm).then((key) => ({ kid: newest.kid, key }));
  }

  signingKey(): Promise<{ kid: string; key: CryptoKey | Uint8Array }> {
    return this.#signing;
  }
}
