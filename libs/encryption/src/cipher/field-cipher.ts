import { createHmac, hkdfSync } from 'node:crypto';
import { commonError } from '@hms/contracts';
import { encryptionError } from '../encryption.errors.js';
import { keyBytes, keyIdOf, open, seal, type NamedKey } from './sealed-text.js';

/** A column that is sealed or indexed, by its name in SQL. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
}

/** Where one sealed value lies. */
export interface SealedPlace extends SealedColumn {
  /** The row's primary key as PostgreSQL prints it; of several columns, joined by `/`. */
  readonly rowId: string;
}

/** The keys of one hospital or of the platform. What could not be unwrapped is null. */
export interface KeyRing {
  /** Null for the platform. */
  readonly hospitalId: string | null;
  /** Every key a stored value may be sealed with, by id. */
  readonly opening: ReadonlyMap<string, NamedKey | null>;
  readonly sealing: NamedKey | null;
  readonly indexing: NamedKey | null;
  /** Why keys are missing. */
  readonly cause?: unknown;
}

/** Told of every sealed value that did not authenticate: somebody altered the database, or a key is gone. */
export type UnreadableListener = (place: SealedPlace) => void;

/** What the value of a place is bound to. */
export const boundTo = (hospitalId: string | null, { table, column, rowId }: SealedPlace): string[] => [
  hospitalId ?? 'platform',
  table,
  column,
  rowId,
];

/**
 * Seals and opens the fields of one hospital, or of the platform. It holds its keys, so that it may be used inside a
 * transaction; ask for a new one for each request.
 */
export class FieldCipher {
  constructor(
    private readonly ring: KeyRing,
    private readonly onUnreadable: UnreadableListener = () => undefined,
  ) {}

  /** Are all keys at hand? If not, {@link seal}, {@link open} and {@link blindIndex} may throw `service.unavailable`. */
  get available(): boolean {
    const { sealing, indexing, opening } = this.ring;
    return sealing !== null && indexing !== null && [...opening.values()].every((key) => key !== null);
  }

  /** The sealed value, which opens in this place only. @throws `service.unavailable` */
  seal(place: SealedPlace, plaintext: string): string {
    return seal(this.#present(this.ring.sealing), this.#bound(place), Buffer.from(plaintext));
  }

  /**
   * What {@link seal} was given for the same place.
   * @throws `encryption.unreadable` for anything else, `service.unavailable` while its key is out of reach
   */
  open(place: SealedPlace, sealed: string): string {
    const key = this.#present(this.#authentic(place, () => this.#keyOf(sealed)));
    return this.#authentic(place, () => open(key, this.#bound(place), sealed)).toString();
  }

  /**
   * Equal for equal values of a column and of nothing else, the same value in another hospital included: 32 bytes to
   * look a sealed value up by.
   * @param normalised the one spelling of the value, such as `normaliseIdentifier` makes
   * @throws `service.unavailable`
   */
  blindIndex({ table, column }: SealedColumn, normalised: string): Buffer<ArrayBuffer> {
    const { secret } = this.#present(this.ring.indexing);
    const info = JSON.stringify(['blind-index', table, column]);
    const key = Buffer.from(hkdfSync('sha256', secret, '', info, keyBytes));
    return Buffer.from(createHmac('sha256', key).update(normalised).digest());
  }

  #keyOf(sealed: string): NamedKey | null {
    const key = this.ring.opening.get(keyIdOf(sealed));
    if (key === undefined) throw encryptionError('encryption.unreadable');
    return key;
  }

  #authentic<T>(place: SealedPlace, read: () => T): T {
    try {
      return read();
    } catch (err) {
      this.onUnreadable(place);
      throw err;
    }
  }

  #bound(place: SealedPlace): string[] {
    return boundTo(this.ring.hospitalId, place);
  }

  #present(key: NamedKey | null): NamedKey {
    if (key) return key;
    const detail = 'the keys of encrypted fields are out of reach';
    throw commonError('service.unavailable', { detail, cause: this.ring.cause });
  }
}
