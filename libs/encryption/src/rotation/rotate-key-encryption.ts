import { OperatorError } from '@hms/database';
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
const lock = `hashtext('hms.rotate-encryption')`;

/**
 * Adds a key-encryption key and wraps every data key by it; no stored value changes and nobody is interrupted. While
 * data keys are left on an older one (a run was killed, or the new key was distributed beforehand) it adds none.
 * @throws OperatorError while another run of this database's has not ended
 */
export async function rotateKeyEncryption(owner: pg.ClientBase, provider: KeyProvider): Promise<KeyEncryptionRotation> {
  const { rows } = await owner.query<{ locked: boolean }>(`select pg_try_advisory_lock(${lock}) as locked`);
  if (!rows[0]?.locked) {
    throw new OperatorError('The key-encryption key is being rotated already; wait until that has ended.');
  }
  try {
    return await rotate(owner, provider);
  } finally {
    await owner.query(`select pg_advisory_unlock(${lock})`).catch(() => undefined); // a lost connection has none
  }
}

async function rotate(owner: pg.ClientBase, provider: KeyProvider): Promise<KeyEncryptionRotation> {
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
