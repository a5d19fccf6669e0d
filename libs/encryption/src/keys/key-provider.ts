/** A data key, encrypted under a key-encryption key (KEK). */
export interface WrappedKey {
  /** The KEK; the newest one wraps. */
  readonly kekId: string;
  readonly wrapped: string;
}

/** Who holds the key-encryption keys. Every method throws `KeyProviderError` when a key cannot be used. */
export interface KeyProvider {
  /** The KEK that {@link wrap} uses at present. */
  newestKek(): Promise<string>;
  /** Adds a KEK, which is the newest from then on. */
  rotate(): Promise<string>;
  /** @param bound what the data key is for; it unwraps for nothing else */
  wrap(dataKey: Buffer, bound: readonly string[]): Promise<WrappedKey>;
  unwrap(key: WrappedKey, bound: readonly string[]): Promise<Buffer>;
  /** The same data key under the newest KEK. */
  rewrap(key: WrappedKey, bound: readonly string[]): Promise<WrappedKey>;
}
