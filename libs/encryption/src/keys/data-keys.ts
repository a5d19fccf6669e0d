import { randomBytes } from 'node:crypto';
import { FieldCipher, type KeyRing, type UnreadableListener } from '../cipher/field-cipher.js';
import { keyBytes, type NamedKey } from '../cipher/sealed-text.js';
import { KeyProviderError } from '../encryption.errors.js';
import { keyBoundTo, type DataKeyPurpose, type DataKeyStore, type NewDataKey, type StoredDataKey } from './data-key.js';
import type { KeyProvider } from './key-provider.js';

/** How old a process's view of the data keys may be, in milliseconds; a rotation waits longer than this. */
export const keyRingMaxAgeMs = 30_000;
/** After this a data key is unwrapped once more, while the old copy still serves. */
const renewAfterMs = 10 * 60_000;
/** No unwrapped data key is used longer than this, so an outage of the key service is noticed no later. */
const keepMs = 15 * 60_000;
const failureMaxAgeMs = 2_000;

export interface DataKeysOptions {
  readonly ringMaxAgeMs?: number;
  readonly now?: () => number;
  readonly onUnreadable?: UnreadableListener;
  /** Told when the provider could not be used, also while copies in memory still serve. */
  readonly onProviderError?: (err: KeyProviderError) => void;
}

interface LoadedRing {
  readonly at: number;
  readonly ring: Promise<KeyRing>;
  complete: boolean;
}

/** The data keys of all hospitals and of the platform, unwrapped when needed and kept in memory for 15 minutes. */
export class DataKeys {
  readonly #rings = new Map<string | null, LoadedRing>();
  readonly #unwrapped = new Map<string, { readonly at: number; readonly key: NamedKey }>();
  readonly #now: () => number;

  constructor(
    private readonly store: DataKeyStore,
    private readonly provider: KeyProvider,
    private readonly options: DataKeysOptions = {},
  ) {
    this.#now = options.now ?? Date.now;
  }

  /**
   * Makes the keys at first use. Call it before a transaction: it may ask the database and the key provider. Without
   * the provider it resolves to a cipher that answers `service.unavailable`.
   * @param hospitalId null for the platform
   */
  async cipherFor(hospitalId: string | null): Promise<FieldCipher> {
    return new FieldCipher(await this.#ring(hospitalId), this.options.onUnreadable);
  }

  /** @throws `KeyProviderError` when the platform's keys are lost or refused; an outage passes */
  async assertUsable(): Promise<void> {
    const { cause } = await this.#ring(null);
    if (cause instanceof KeyProviderError && cause.permanent) throw cause;
  }

  #ring(hospitalId: string | null): Promise<KeyRing> {
    const loaded = this.#rings.get(hospitalId);
    if (loaded && this.#now() - loaded.at < this.#maxAge(loaded)) return loaded.ring;
    const entry: LoadedRing = { at: this.#now(), ring: this.#load(hospitalId), complete: true };
    this.#rings.set(hospitalId, entry);
    entry.ring.then(
      (ring) => (entry.complete = ring.cause === undefined),
      () => this.#rings.delete(hospitalId),
    );
    return entry.ring;
  }

  #maxAge({ complete }: LoadedRing): number {
    return complete ? (this.options.ringMaxAgeMs ?? keyRingMaxAgeMs) : failureMaxAgeMs;
  }

  async #load(hospitalId: string | null): Promise<KeyRing> {
    this.#forgetOld();
    const failures: KeyProviderError[] = [];
    const stored = await this.#stored(hospitalId).catch(keepIn(failures, []));
    const keys: (readonly [StoredDataKey, NamedKey | null])[] = [];
    for (const row of stored) keys.push([row, await this.#unwrap(row).catch(keepIn(failures, null))]);
    const newest = (purpose: DataKeyPurpose): NamedKey | null =>
      keys.find(([row]) => row.purpose === purpose && row.seals)?.[1] ?? null;
    const opening = new Map(keys.flatMap(([row, key]) => (row.purpose === 'field' ? [[row.kid, key] as const] : [])));
    for (const failure of failures) this.options.onProviderError?.(failure);
    const ring = { hospitalId, opening, sealing: newest('field'), indexing: newest('index') };
    return failures.length === 0 ? ring : { ...ring, cause: failures[0] };
  }

  async #stored(hospitalId: string | null): Promise<readonly StoredDataKey[]> {
    const present = await this.store.list(hospitalId);
    const missing = (['field', 'index'] as const).filter((purpose) => present.every((row) => row.purpose !== purpose));
    if (missing.length === 0) return present;
    for (const purpose of missing) await this.#create(hospitalId, purpose);
    return this.store.list(hospitalId);
  }

  async #create(hospitalId: string | null, purpose: DataKeyPurpose): Promise<void> {
    await this.store.add(await newDataKey(this.provider, { hospitalId, purpose, generation: 1 }));
  }

  async #unwrap(row: StoredDataKey): Promise<NamedKey> {
    const known = this.#unwrapped.get(row.kid);
    const age = known ? this.#now() - known.at : Infinity;
    if (known && age < renewAfterMs) return known.key;
    const renewed = this.#unwrapNow(row);
    if (!known || age >= keepMs) return renewed;
    renewed.catch((err: unknown) => {
      if (err instanceof KeyProviderError) this.options.onProviderError?.(err);
    });
    return known.key;
  }

  async #unwrapNow(row: StoredDataKey): Promise<NamedKey> {
    const at = this.#now();
    const key = { id: row.kid, secret: await this.provider.unwrap(row, keyBoundTo(row)) };
    this.#unwrapped.set(row.kid, { at, key });
    return key;
  }

  #forgetOld(): void {
    const limit = this.#now() - keepMs;
    for (const [kid, { at }] of this.#unwrapped) if (at <= limit) this.#unwrapped.delete(kid);
    for (const [hospitalId, { at }] of this.#rings) if (at <= limit) this.#rings.delete(hospitalId);
  }
}

/** A new random key, wrapped; it is not stored yet. */
export async function newDataKey(
  provider: KeyProvider,
  about: { readonly hospitalId: string | null; readonly purpose: DataKeyPurpose; readonly generation: number },
): Promise<NewDataKey> {
  const named = { ...about, kid: randomBytes(9).toString('base64url') };
  return { ...named, ...(await provider.wrap(randomBytes(keyBytes), keyBoundTo(named))) };
}

/** Goes on without what the provider could not give, and remembers why. */
const keepIn =
  <T>(failures: KeyProviderError[], instead: T) =>
  (err: unknown): T => {
    if (!(err instanceof KeyProviderError)) throw err;
    failures.push(err);
    return instead;
  };
