import { schemaOf, listHospitals } from '@hms/database';
import type pg from 'pg';

export interface FeedStatus {
  readonly feed: string;
  readonly epoch: number;
  readonly pos: number;
  /** Nobody can go on from before this. */
  readonly floor: number;
  /** Age of the oldest change that ended and was not relayed; null when there is none. */
  readonly lagSeconds: number | null;
  /** Age of the oldest transaction whose changes the feed still waits for; null when there is none. */
  readonly openSeconds: number | null;
}

export interface HospitalSyncStatus {
  readonly slug: string;
  readonly devices: number;
  /** Devices that did not sync for a week. */
  readonly silent: number;
  /** Devices that did not say yet that they hold no more than they may. */
  readonly purging: number;
  readonly conflicts: number;
  readonly quarantined: number;
}

export async function feedStatus(owner: pg.Client): Promise<FeedStatus> {
  const { rows } = await owner.query<FeedStatus>(
    `select r.feed_id as feed, r.epoch, r.pos::float8 as pos, r.floor_pos::float8 as floor,
            s.lag_seconds as "lagSeconds", s.oldest_writer_seconds as "openSeconds"
       from sync.relay r, sync.relay_status() s`,
  );
  const [status] = rows;
  if (!status) throw new Error('there is no relay');
  return status;
}

export async function hospitalStatuses(owner: pg.Client): Promise<HospitalSyncStatus[]> {
  const statuses: HospitalSyncStatus[] = [];
  for (const { id, slug, status } of await listHospitals(owner)) {
    if (status === 'provisioning') continue;
    const { rows } = await owner.query<Omit<HospitalSyncStatus, 'slug'>>(
      `select count(*)::int as devices,
              count(*) filter (where coalesce(seen_at, registered_at) < now() - interval '7 days')::int as silent,
              count(*) filter (where scope_ver is distinct from scope_acked)::int as purging,
              (select count(*)::int from ${schemaOf(slug)}.sync_conflict where resolution is null) as conflicts,
              (select count(*)::int from ${schemaOf(slug)}.sync_quarantine where outcome is null) as quarantined
         from sync.device where hospital_id = $1 and revoked_at is null`,
      [id],
    );
    const [row] = rows;
    if (row) statuses.push({ slug, ...row });
  }
  return statuses;
}
