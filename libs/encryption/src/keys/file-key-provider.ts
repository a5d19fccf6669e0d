import { AppError } from '@hms/contracts';
import { open, seal } from '../cipher/sealed-text.js';
import { KeyProviderError } from '../encryption.errors.js';
import { addToKeyFile, readKeyFile } from './key-file.js';
import type { KeyProvider, WrappedKey } from './key-provider.js';

/**
 * Key-encryption keys in a file. It is read each time one is needed, which is rarely, so that a key added to it is
 * known everywhere at once.
 */
export class FileKeyProvider implements KeyProvider {
  constructor(private readonly path: string) {}

  newestKek(): Promise<string> {
    return attempt(() => readKeyFile(this.path)[0].id);
  }

  rotate(): Promise<string> {
    return addToKeyFile(this.path, new Date());
  }

  wrap(dataKey: Buffer, bound: readonly string[]): Promise<WrappedKey> {
    return attempt(() => {
      const [newest] = readKeyFile(this.path);
      return { kekId: newest.id, wrapped: seal(newest, bound, dataKey) };
    });
  }

  unwrap(key: WrappedKey, bound: readonly string[]): Promise<Buffer> {
    return attempt(() => this.#unwrap(key, bound));
  }

  async rewrap(key: WrappedKey, bound: readonly string[]): Promise<WrappedKey> {
    return this.wrap(this.#unwrap(key, bound), bound);
  }

  #unwrap({ kekId, wrapped }: WrappedKey, bound: readonly string[]): Buffer {
    const kek = readKeyFile(this.path).find(({ id }) => id === kekId);
    if (!kek) throw new KeyProviderError(`ENCRYPTION_KEYS_FILE has no key ${kekId}`, { permanent: true });
    try {
      return open(kek, bound, wrapped);
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      const message = `the key ${kekId} of ENCRYPTION_KEYS_FILE is not the one data keys were wrapped with`;
      throw new KeyProviderError(message, { permanent: true, cause });
    }
  }
}

/** What throws, as a rejection. */
const attempt = <T>(work: () => T): Promise<T> => Promise.resolve().then(work);
