import { parseGatewayKey, type GatewayKey } from '@hms/auth';
import { commonError } from '@hms/contracts';
import { LRUCache } from 'lru-cache';
import type { Caller } from './caller.js';
import { HospitalSuspended } from './hospital-suspended.js';
import { WrongKeys } from './wrong-keys.js';

export interface CallerLookup {
  find(key: GatewayKey): Promise<Caller | undefined>;
}

export interface Trust {
  /** False when a revocation could have been missed. */
  readonly trustworthy: boolean;
}

const deniedForMs = 2_000;
const cachedCallers = 20_000;
/** Apart, so that who tries keys pushes no caller out. */
const cachedDenials = 5_000;
/** An unknown key costs a query, so those who try keys share few of them. */
const concurrentLookups = 16;

/** Turns an Authorization header into a caller: from memory while nothing about its hospital's keys changed. */
export class Authenticator {
  readonly #known = new LRUCache<string, Caller>({ max: cachedCallers });
  readonly #denied: LRUCache<string, true>;
  readonly #wrongKeys: WrongKeys;
  readonly #lookups = new Map<string, Promise<Caller>>();

  constructor(
    private readonly directory: CallerLookup,
    private readonly trust: Trust,
    private readonly now: () => number = Date.now,
  ) {
    this.#denied = new LRUCache({ max: cachedDenials, ttl: deniedForMs, ttlResolution: 0, perf: { now } });
    this.#wrongKeys = new WrongKeys(now);
  }

  /**
   * At once for a header that is known, a promise for one that has to be looked up.
   * @param address of who sends; without it nothing is held against anybody
   * @throws AppError 401 or 403; 429 for a key never seen from an address that sent many wrong ones; 503 while it cannot be
   * known whether the key still holds
   */
  authenticate(header: string, address?: () => string): Caller | Promise<Caller> {
    if (!this.trust.trustworthy) throw commonError('service.unavailable');
    const known = this.#known.get(header);
    if (known && known.epoch === known.hospital.epoch) return this.#admit(known);
    if (this.#denied.has(header)) throw commonError('auth.unauthenticated');
    return this.#lookups.get(header) ?? this.#lookUp(header, known ? undefined : address?.());
  }

  /** @param address none for a key that was right before: it is asked about again whoever else is behind its address */
  #lookUp(header: string, address: string | undefined): Promise<Caller> {
    const key = header.startsWith('Bearer ') ? parseGatewayKey(header.slice(7)) : undefined;
    if (!key) throw commonError('auth.unauthenticated');
    if (address !== undefined) this.#wrongKeys.assertFew(address, header);
    if (this.#lookups.size >= concurrentLookups) throw commonError('service.busy');
    const lookup = this.#ask(header, key, address).finally(() => this.#lookups.delete(header));
    this.#lookups.set(header, lookup);
    return lookup;
  }

  async #ask(header: string, key: GatewayKey, address: string | undefined): Promise<Caller> {
    let caller: Caller | undefined;
    try {
      caller = await this.directory.find(key);
    } catch (cause) {
      throw commonError('service.unavailable', { cause });
    }
    if (!caller) {
      this.#known.delete(header);
      this.#denied.set(header, true);
      if (address !== undefined) this.#wrongKeys.add(address, header);
      throw commonError('auth.unauthenticated');
    }
    this.#known.set(header, caller);
    return this.#admit(caller);
  }

  #admit(caller: Caller): Caller {
    if (caller.expiresAt <= this.now()) throw commonError('auth.unauthenticated');
    if (!caller.hospitalActive) throw new HospitalSuspended(caller.hospital);
    return caller;
  }
}
