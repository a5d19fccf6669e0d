import { secretMatches, type GatewayKey } from '@hms/auth';
import type { Lane } from '../database/lane.js';
import type { Hospitals } from '../hospitals/hospitals.js';
import type { Caller } from './caller.js';

interface KeyRow {
  readonly key_id: string;
  readonly secret_hash: Uint8Array;
  readonly expires_at: Date | null;
  readonly gateway_id: string;
  readonly hospital_id: string;
  readonly slug: string;
  readonly critical: boolean;
  readonly active: boolean;
  readonly rows_per_second: number | null;
  readonly epoch: string;
}

/** Looks keys up in the database. */
export class GatewayDirectory {
  constructor(
    private readonly lane: Lane,
    private readonly hospitals: Hospitals,
  ) {}

  /** Undefined for a key that is unknown or revoked, whose secret is wrong, or whose gateway is disabled. */
  async find(key: GatewayKey): Promise<Caller | undefined> {
    const [row] = await this.lane.query<KeyRow>(
      (sql) => sql`
        select k.key_id, k.secret_hash, k.expires_at, g.id as gateway_id,
               g.service_class = 'critical' as critical,
               h.id as hospital_id, h.slug, h.status = 'active' as active,
               h.telemetry_rows_per_second as rows_per_second, e.epoch::text
          from public.gateway_key k
          join public.gateway g on g.id = k.gateway_id and g.status = 'active'
          join public.hospital h on h.id = k.hospital_id
          join public.ingest_epoch e on e.hospital_id = k.hospital_id
         where k.key_id = ${key.keyId} and k.revoked_at is null`,
    );
    if (!row || !secretMatches(key.secret, row.secret_hash)) return undefined;
    const hospital = this.hospitals.of(row.hospital_id, row.slug);
    const epoch = Number(row.epoch);
    hospital.observeEpoch(epoch);
    hospital.quota.limitTo(row.rows_per_second ?? undefined);
    return {
      keyId: row.key_id,
      gatewayId: row.gateway_id,
      hospital,
      hospitalActive: row.active,
      isCritical: row.critical,
      expiresAt: row.expires_at?.getTime() ?? Infinity,
      epoch,
    };
  }
}
