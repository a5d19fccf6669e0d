import type pg from 'pg';
import type { DataKeyStore, NewDataKey, StoredDataKey } from './data-key.js';

export const dataKeyColumns = `kid, hospital_id as "hospitalId", purpose, generation, wrapped, kek_id as "kekId",
  seals_from <= now() as seals`;

/** `public.data_key` for those who operate the database. */
export class PgDataKeyStore implements DataKeyStore {
  constructor(private readonly owner: pg.ClientBase) {}

  async list(hospitalId: string | null): Promise<readonly StoredDataKey[]> {
    const { rows } = await this.owner.query<StoredDataKey>(
      `select ${dataKeyColumns} from public.data_key
        where hospital_id is not distinct from $1 and (retired_at is null or retired_at > now() - interval '7 days')
        order by generation desc`,
      [hospitalId],
    );
    return rows;
  }

  add(key: NewDataKey): Promise<void> {
    return this.addSealingAfter(key, 0);
  }

  /** Adds a key that only opens for so many milliseconds, by the database's clock. */
  async addSealingAfter(key: NewDataKey, delayMs: number): Promise<void> {
    await this.owner.query(
      `insert into public.data_key (kid, hospital_id, purpose, generation, wrapped, kek_id, seals_from)
       values ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 millisecond') on conflict do nothing`,
      [key.kid, key.hospitalId, key.purpose, key.generation, key.wrapped, key.kekId, delayMs],
    );
  }
}
