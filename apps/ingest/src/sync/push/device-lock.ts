import { syncError } from '@hms/contracts';
import type { TransactionSql } from 'postgres';
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

interface DeviceRow {
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

/**
 * Locks the device of a request: of two senders of the same device the second waits, and then finds what the first did.
 * @throws AppError `sync.unknown-device`, `sync.device-revoked`
 */
export async function lockDevice(tx: TransactionSql, { actor, deviceId }: PushRequest): Promise<LockedDevice> {
  const [row] = await tx<DeviceRow[]>`
    select user_id, last_seq::text, to_jsonb(scope) as scope, scope_ver, to_jsonb(scope_before) as scope_before,
           ver_before, scope_acked, revoked_at is not null as revoked, wipe
      from sync.device where id = ${deviceId} and hospital_id = ${actor.hospital.id} for update`;
  if (!row || row.user_id !== actor.userId) throw syncError('sync.unknown-device');
  if (row.revoked) throw syncError('sync.device-revoked', { members: { wipe: row.wipe } });
  return {
    lastSeq: Number(row.last_seq),
    keys: row.scope,
    ver: row.scope_ver,
    keysBefore: row.scope_before,
    verBefore: row.ver_before,
    acked: row.scope_acked,
  };
}
