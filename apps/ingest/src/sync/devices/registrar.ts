import { formatMrn, syncError, type SyncRegistered, syncProtocol, type syncRegistration } from '@hms/contracts';
import type { TransactionSql } from 'postgres';
import type { z } from 'zod';
import type { Lane } from '../../database/lane.js';
import type { SyncActor } from '../access/sync-actor.js';
import { takeRecordNumbers } from '../push/push-statements.js';
import type { RequestSource } from '../push/push-request.js';
import type { SyncAudit } from '../sync-audit.js';

export type Registration = z.output<typeof syncRegistration>;

const devicesAUser = 20;

/** Registers installations of apps, and sets record numbers aside for them. */
export class Registrar {
  constructor(
    private readonly lane: Pick<Lane, 'transaction'>,
    private readonly audit: SyncAudit,
  ) {}

  /**
   * Repeating it changes nothing, but for the numbers: those of the answer are new each time.
   * @throws AppError `sync.unknown-device` for an id that is another's, `sync.device-revoked`, `sync.too-many-devices`
   */
  register(actor: SyncActor, body: Registration, source: RequestSource): Promise<SyncRegistered> {
    const { device, mrns: count } = body;
    return this.lane.transaction(async (tx) => {
      const { lastSeq, replaced } = await bind(tx, actor, body);
      const mrns = count > 0 ? await setAside(tx, actor, device, count) : [];
      const thing = { action: 'execute', entity: 'sync-device', entityIds: [device], patientIds: [] } as const;
      const revoked = replaced.map((id) => ({ ...thing, entityIds: [id], reason: 'device_silent' }));
      await this.audit.append(
        tx,
        actor,
        source,
        [{ ...thing, reason: null }, ...revoked].map((one) => ({ ...one, outcome: 'success' as const })),
      );
      return { v: syncProtocol, device, last_seq: lastSeq, server_time: new Date().toISOString(), mrns };
    });
  }
}

interface Bound {
  readonly lastSeq: number;
  /** The device that was revoked for this one. */
  readonly replaced: readonly string[];
}

async function bind(
  tx: TransactionSql,
  { userId, hospital }: SyncActor,
  { device, name, app, schema }: Registration,
): Promise<Bound> {
  // One registration of a user at a time, so that they are counted.
  await tx`select pg_advisory_xact_lock(hashtextextended(${`sync.device ${userId}`}, 0))`;
  const [known] = await tx<{ user_id: string; hospital_id: string; last_seq: string; revoked: boolean }[]>`
    select user_id, hospital_id, last_seq::text, revoked_at is not null as revoked from sync.device where id = ${device}`;
  if (known) {
    if (known.user_id !== userId || known.hospital_id !== hospital.id) throw syncError('sync.unknown-device');
    if (known.revoked) throw syncError('sync.device-revoked');
    await tx`update sync.device set name = ${name}, app = ${app ?? null}, schema_version = ${schema}, seen_at = now() where id = ${device}`;
    return { lastSeq: Number(known.last_seq), replaced: [] };
  }
  const replaced = await makeRoom(tx, userId, hospital.id);
  await tx`
    insert into sync.device (id, hospital_id, user_id, name, app, schema_version, seen_at)
    values (${device}, ${hospital.id}, ${userId}, ${name}, ${app ?? null}, ${schema}, now())`;
  return { lastSeq: 0, replaced };
}

/**
 * Revokes the device that was silent longest when there is no room for another, if it locked itself long ago.
 * @returns which @throws AppError `sync.too-many-devices`
 */
async function makeRoom(tx: TransactionSql, userId: string, hospitalId: string): Promise<readonly string[]> {
  const devices = await tx<{ id: string; lease_over: boolean }[]>`
    select id, coalesce(seen_at, registered_at) < now() - interval '14 days' as lease_over from sync.device
     where user_id = ${userId} and hospital_id = ${hospitalId} and revoked_at is null
     order by coalesce(seen_at, registered_at)`;
  if (devices.length < devicesAUser) return [];
  const [silent] = devices;
  if (!silent?.lease_over) throw syncError('sync.too-many-devices');
  await tx`update sync.device set revoked_at = now() where id = ${silent.id}`;
  return [silent.id];
}

async function setAside(tx: TransactionSql, { hospital }: SyncActor, device: string, count: number): Promise<string[]> {
  const [counter] = await tx.unsafe<{ last: string }[]>(takeRecordNumbers(hospital.schema), [count]);
  const last = BigInt(counter?.last ?? 0);
  const first = last - BigInt(count) + 1n;
  await tx`insert into sync.number_block (device_id, first_no, last_no) values (${device}, ${String(first)}::bigint, ${String(last)}::bigint)`;
  return Array.from({ length: count }, (_, i) => formatMrn(first + BigInt(i)));
}
