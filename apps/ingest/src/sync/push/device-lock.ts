import { syncError } from '@hms/contracts';
import type { SyncActor } from '../access/sync-actor.js';
import { idsIn } from '../sql.js';
import type { HospitalTransaction } from './hospital-transaction.js';
import type { PushRequest } from './push-request.js';

/** A device as it stood before this request. */
export interface LockedDevice {
  readonly lastSeq: number;
  readonly keys: readonly string[];
  readonly ver: string | null;
  readonly keysBefore: readonly string[];
  readonly verBefore: string | null;
  readonly acked: string | null;
}

/** A row of {@link deviceColumns}. */
export interface DeviceRow {
  readonly id: string;
  readonly user_id: string;
  readonly last_seq: string;
  readonly scope: readonly string[];
  readonly scope_ver: string | null;
  readonly scope_before: readonly string[];
  readonly ver_before: string | null;
  readonly scope_acked: string | null;
  readonly revoked: boolean;
  readonly wipe: boolean;
}

/** Of `sync.device d`. */
export const deviceColumns = `d.id, d.user_id, d.last_seq::text, to_jsonb(d.scope) as scope, d.scope_ver,
  to_jsonb(d.scope_before) as scope_before, d.ver_before, d.scope_acked, d.revoked_at is not null as revoked, d.wipe`;

export const deviceOf = (row: DeviceRow): LockedDevice => ({
  lastSeq: Number(row.last_seq),
  keys: row.scope,
  ver: row.scope_ver,
  keysBefore: row.scope_before,
  verBefore: row.ver_before,
  acked: row.scope_acked,
});

/** Locks devices: of two senders of the same device the second waits, and then finds what the first did. */
export async function lockDevices(
  { tx, hospital }: HospitalTransaction,
  requests: readonly Pick<PushRequest, 'deviceId'>[],
): Promise<ReadonlyMap<string, DeviceRow>> {
  const rows = await tx.unsafe<DeviceRow[]>(
    `select ${deviceColumns} from sync.device d where d.id in ${idsIn('$1')} and d.hospital_id = $2
      order by d.id for update`,
    [JSON.stringify(requests.map(({ deviceId }) => deviceId)), hospital.id],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * The device as one of the actor's.
 * @throws AppError `sync.unknown-device`, `sync.device-revoked`
 */
export function deviceFor(actor: SyncActor, row: DeviceRow | undefined): LockedDevice {
  const own = ownDevice(actor, row);
  if (own.revoked) throw revoked(own);
  return deviceOf(own);
}

/** @throws AppError `sync.unknown-device` */
export function ownDevice({ userId }: SyncActor, row: DeviceRow | undefined): DeviceRow {
  if (!row || row.user_id !== userId) throw syncError('sync.unknown-device');
  return row;
}

export const revoked = ({ wipe }: Pick<DeviceRow, 'wipe'>): Error =>
  syncError('sync.device-revoked', { members: { wipe } });
