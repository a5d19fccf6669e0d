import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import type { DataKeyStore, NewDataKey, StoredDataKey } from '@hms/encryption';

@Injectable()
export class DataKeyRepository implements DataKeyStore {
  constructor(private readonly database: HospitalDatabase) {}

  /** By the database's clock, so that all processes begin to seal with a new key at the same time. */
  list(hospitalId: string | null): Promise<readonly StoredDataKey[]> {
    return this.database.publicClient.$queryRaw<StoredDataKey[]>`
      select kid, hospital_id as "hospitalId", purpose, generation, wrapped, kek_id as "kekId",
             seals_from <= now() as seals
        from public.data_key
       where hospital_id is not distinct from ${hospitalId}::uuid 
         and (retired_at is null or retired_at > now() - interval '7 days')
       order by generation desc`;
  }

  async add(key: NewDataKey): Promise<void> {
    await this.database.publicClient.dataKey.createMany({ data: key, skipDuplicates: true });
  }
}
