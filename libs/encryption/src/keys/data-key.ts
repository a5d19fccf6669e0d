import type { WrappedKey } from './key-provider.js';

/** `field` keys seal, `index` keys make blind indexes and are never replaced: that would lose every lookup. */
export type DataKeyPurpose = 'field' | 'index';

/** A row of `public.data_key` about to be stored. */
export interface NewDataKey extends WrappedKey {
  /** Public id, named by every value the key seals. */
  readonly kid: string;
  /** Null for the platform. */
  readonly hospitalId: string | null;
  readonly purpose: DataKeyPurpose;
  /** The first is 1; one more with each rotation. */
  readonly generation: number;
}

export interface StoredDataKey extends NewDataKey {
  /** Has its time to seal come? Until then it only opens. */
  readonly seals: boolean;
}

/** What a wrapped data key is bound to. */
export const keyBoundTo = ({ kid, hospitalId, purpose }: Omit<NewDataKey, keyof WrappedKey>): string[] => [
  'data-key',
  hospitalId ?? 'platform',
  purpose,
  kid,
];

/** `public.data_key`, of one hospital at a time. */
export interface DataKeyStore {
  /**
   * Those in use, the newest generation first. Retired ones count for 7 days more: what expires before that, such as
   * the kept answer of a request, need not be sealed anew.
   */
  list(hospitalId: string | null): Promise<readonly StoredDataKey[]>;
  /** Does nothing when this generation exists: another process was first. */
  add(key: NewDataKey): Promise<void>;
}
