import type pg from 'pg';
import { keyBoundTo, type StoredDataKey } from '../keys/data-key.js';
import type { KeyProvider } from '../keys/key-provider.js';
import { dataKeyColumns } from '../keys/pg-data-key-store.js';

export interface KeyEncryptionRotation {
  /** The key-encryption key every data key is wrapped by now. */
  readonly kekId: string;
  /** False when an earlier rotation was finished instead: its key was there already. */
  readonly added: boolean;
  readonly rewrapped: number;
}

const batchSize = 500;

/**
 * Adds a key-encryption key and wraps every data key by it; no stored value changes and nobody is interrupted. While
 * data keys are left on an older one (a run was killed, or the new key was distributed beforehand) it adds none.
 */
export async function rotateKeyEncryption(owner: pg.ClientBase, provider: KeyProvider): Promise<KeyEncryptionRotation> {
  const present = await provider.newestKek();
  const added = (await outdated(owner, present)).length === 0;
  const kekId = added ? await provider.rotate() : present;
  let rewrapped = 0;
  for (let keys = await outdated(owner, kekId); keys.length > 0; keys = await outdated(owner, kekId)) {
    for (const key of keys) await rewrap(owner, provider, key);
    rewrapped += keys.length;
  }
  return { kekId, added, rewrapped };
}

async function outdated(owner: pg.ClientBase, kekId: string): Promise<readonly StoredDataKey[]> {
  const { rows } = await owner.query<StoredDataKey>(
    `select ${dataKeyColumns} from public.data_key where kek_id <> $1 order by kid limit $2`,
    [kekId, batchSize],
  );
  return rows;
}

async function rewrap(owner: pg.ClientBase, provider: KeyProvider, key: StoredDataKey): Promise<void> {
  const { wrapped, kekId } = await provider.rewrap(key, keyBoundTo(key));
  await owner.query('update public.data_key set wrapped = $1, kek_id = $2 where kid = $3 and kek_id = $4', [
    wrapped,
    kekId,
    key.kid,
    key.kekId,
  ]);
}
