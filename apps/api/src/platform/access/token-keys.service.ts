import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { isRetired, signerOf, type SigningKey } from '@hms/auth';
import type { Logger } from '@hms/service-kit';
import type { JSONWebKeySet } from 'jose';
import { ApiConfig, readAuthKeys } from '../config/api-config.js';
import { rootLogger } from '../observability/observability.tokens.js';

/** Far less than a new key waits before it signs, so every process verifies with it by then. */
const lookEveryMs = 2_000;

interface LoadedKey extends Pick<SigningKey, 'kid' | 'activeFrom' | 'retireAt'> {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** Public half, as the JWKS shows it. */
  readonly jwk: JSONWebKeySet['keys'][number];
}

/**
 * The keys access tokens are signed and verified with, kept up to date with their file. A lookup by `kid` never leaves
 * memory; a file that cannot be used changes nothing.
 */
@Injectable()
export class TokenKeys implements OnModuleInit, OnApplicationShutdown {
  #keys: ReadonlyMap<string, LoadedKey>;
  /** The version of the file the keys are of. */
  #seen: string;
  /** The last one that could not be used: it is tried again, and complained of once. */
  #refused: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: ApiConfig,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {
    this.#keys = load(config.signingKeys);
    this.#seen = versionOf(config.authKeysFile);
  }

  onModuleInit(): void {
    this.#timer = setInterval(() => this.refresh(), lookEveryMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** Those not retired, those that do not sign yet included. */
  get jwks(): JSONWebKeySet {
    const now = new Date();
    return { keys: [...this.#keys.values()].filter((key) => !isRetired(key, now)).map(({ jwk }) => jwk) };
  }

  /** Another object after the file was read again, and undefined once the key is retired. */
  verificationKey(kid: string | undefined, now: Date): KeyObject | undefined {
    const key = kid === undefined ? undefined : this.#keys.get(kid);
    return key && !isRetired(key, now) ? key.publicKey : undefined;
  }

  /** @throws an Error when every key is retired */
  signingKey(now: Date): { readonly kid: string; readonly key: KeyObject } {
    const key = signerOf([...this.#keys.values()], now);
    if (!key) throw new Error('AUTH_KEYS_FILE has no key that may sign now');
    return { kid: key.kid, key: key.privateKey };
  }

  /** Reads the file again if it changed since it was last read with success. */
  refresh(): void {
    const version = versionOf(this.config.authKeysFile);
    if (version === this.#seen) return;
    try {
      this.#keys = load(readAuthKeys(this.config.authKeysFile).signingKeys);
      this.#seen = version;
      this.#refused = undefined;
      this.logger.info({ kids: [...this.#keys.keys()] }, 'signing keys read again');
    } catch (err) {
      if (version !== this.#refused)
        this.logger.error({ err }, 'AUTH_KEYS_FILE changed and cannot be used; the keys before stay');
      this.#refused = version;
    }
  }
}

/** Different whenever the file was written or replaced. */
function versionOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${String(stat.ino)} ${String(stat.size)} ${String(stat.mtimeMs)}` : 'absent';
}

/** @throws an Error for a key that is none */
function load(keys: readonly SigningKey[]): ReadonlyMap<string, LoadedKey> {
  return new Map(
    keys.map(({ kty, crv, kid, x, d, alg, use, ...term }) => {
      const publicKey = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
      const privateKey = createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' });
      if (!createPublicKey(privateKey).equals(publicKey))
        throw new Error('the halves of a signing key do not belong together');
      return [kid, { ...term, kid, publicKey, privateKey, jwk: { kty, crv, kid, x, alg, use } }];
    }),
  );
}
