import { Injectable } from '@nestjs/common';
import { HospitalDatabase, PublicPrisma, type PublicTx } from '@hms/database';

export interface SyncDeviceRow {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly app: string | null;
  readonly registeredAt: Date;
  readonly seenAt: Date | null;
  readonly lastSeq: bigint;
  readonly revokedAt: Date | null;
  readonly wipe: boolean;
}

/** Devices of one hospital, of one of its users where that is named. */
export interface SyncDeviceOwner {
  readonly hospitalId: string;
  readonly userId: string | undefined;
}

const { sql, empty, raw } = PublicPrisma;
const columns = raw(`
  d.id, d.user_id as "userId", d.name, d.app, d.registered_at as "registeredAt", d.seen_at as "seenAt",
  d.last_seq as "lastSeq", d.revoked_at as "revokedAt", d.wipe`);

const ownedBy = ({ hospitalId, userId }: SyncDeviceOwner): PublicPrisma.Sql =>
  sql`d.hospital_id = ${hospitalId}::uuid ${userId === undefined ? empty : sql`and d.user_id = ${userId}::uuid`}`;

/** The table belongs to ingest, which registers devices; here they are shown and revoked. */
@Injectable()
export class SyncDevicesRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** In the order of their ids. */
  list(owner: SyncDeviceOwner, after: string | undefined, take: number): Promise<SyncDeviceRow[]> {
    return this.database.publicClient.$queryRaw<SyncDeviceRow[]>`
      select ${columns} from sync.device d
       where ${ownedBy(owner)} ${after === undefined ? empty : sql`and d.id > ${after}::uuid`}
       order by d.id limit ${take}`;
  }

  findNames(hospitalId: string, ids: readonly string[]): Promise<{ readonly id: string; readonly name: string }[]> {
    return this.database.publicClient.$queryRaw`
      select d.id, d.name from sync.device d
       where d.hospital_id = ${hospitalId}::uuid and d.id = any (${[...ids]}::uuid[])`;
  }

  /** Undefined when there is no such device. What was said before stays: when it was revoked, and that it is wiped. */
  async revoke(
    tx: PublicTx,
    owner: SyncDeviceOwner,
    { id, wipe }: { readonly id: string; readonly wipe: boolean },
  ): Promise<SyncDeviceRow | undefined> {
    const [revoked] = await tx.$queryRaw<SyncDeviceRow[]>`
      update sync.device d set revoked_at = coalesce(d.revoked_at, now()), wipe = d.wipe or ${wipe}
       where d.id = ${id}::uuid and ${ownedBy(owner)} returning ${columns}`;
    return revoked;
  }
}
