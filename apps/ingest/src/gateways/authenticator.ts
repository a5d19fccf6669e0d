import { parseGatewayKey, type GatewayKey } from '@hms/auth';
import { commonError, telemetryError } from '@hms/contracts';
import { LRUCache } from 'lru-cache';
import type { Caller } from './caller.js';

export interface CallerLookup {
  find(key: GatewayKey): Promise<Caller | undefined>;
}

export interface Trust {
  /** False when a revocation could have been missed. */
  readonly trustworthy: boolean;
}

const denied = Symbol('denied');
const deniedForMs = 2_000;
const cachedCallers = 20_000;
/** An unknown key costs a query, so those who try keys share few of them. */
const concurrentLookups = 16;

/** Turns an Authorization header into a caller: from memory while nothing about its hospital's keys changed. */
export class Authenticator {
  readonly #known = new LRUCache<string, Caller | typeof denied>({ max: cachedCallers });
  readonly #lookups = new Map<string, Promise<Caller>>();

  constructor(
    private readonly directory: CallerLookup,
    private readonly trust: Trust,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * At once for a header that is known, a promise for one that has to be looked up.
   * @throws AppError 401 or 403; 503 while it cannot be known whether the key still holds
   */
  authenticate(header: string): Caller | Promise<Caller> {
    if (!this.trust.trustworthy) throw commonError('service.unavailable');
    const known = this.#known.get(header);
    if (known === denied) throw commonError('auth.unauthenticated');
    if (known && known.epoch === known.hospital.epoch) return this.#admit(known);
    return this.#lookups.get(header) ?? this.#lookUp(header);
  }

  #lookUp(header: string): Promise<Caller> {
    const key = header.startsWith('Bearer ') ? parseGatewayKey(header.slice(7)) : undefined;
    if (!key) throw commonError('auth.unauthenticated');
    if (this.#lookups.size >= concurrentLookups) throw commonError('service.busy');
    const lookup = this.#ask(header, key).finally(() => this.#lookups.delete(header));
    this.#lookups.set(header, lookup);
    return lookup;
  }

  async #ask(header: string, key: GatewayKey): Promise<Caller> {
    let caller: Caller | undefined;
    try {
      caller = await this.directory.find(key);
    } catch (cause) {
      throw commonError('service.unavailable', { cause });
    }
    if (!caller) {
      this.#known.set(header, denied, { ttl: deniedForMs });
      throw commonError('auth.unauthenticated');
    }
    this.#known.set(header, caller);
    return this.#admit(caller);
  }

  #admit(caller: Caller): Caller {
    if (caller.expiresAt <= this.now()) throw commonError('auth.unauthenticated');
    if (!caller.hospitalActive) throw telemetryError('hospital.suspended');
    return caller;
  }
}
