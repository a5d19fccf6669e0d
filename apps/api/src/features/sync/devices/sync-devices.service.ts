import { Injectable } from '@nestjs/common';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type PageQueryDto } from '../../../platform/http/page.js';
import { UserDirectory } from '../../users/user-directory.service.js';
import { syncInboxError } from '../sync.errors.js';
import type { RevokeSyncDeviceDto, SyncDeviceDto, SyncDevicePageDto } from './sync-devices.dto.js';
import { SyncDevicesRepository, type SyncDeviceRow } from './sync-devices.repository.js';

/** Installations of an app that hold a part of the hospital's record offline. */
@Injectable()
export class SyncDevicesService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly devices: SyncDevicesRepository,
    private readonly users: UserDirectory,
  ) {}

  /** Devices of the actor's hospital, of one user where `userId` is given. */
  async list(
    { hospital }: HospitalActor,
    userId: string | undefined,
    { limit, cursor }: PageQueryDto,
  ): Promise<SyncDevicePageDto> {
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    const rows = await this.devices.list({ hospitalId: hospital.id, userId }, after, limit + 1);
    const names = await this.users.displayNames(rows.map((row) => row.userId));
    return toPage(
      rows,
      limit,
      (row) => toSyncDeviceDto(row, names),
      ({ id }) => [id],
    );
  }

  /**
   * The device syncs no more, and deletes what it holds where that is said. Repeating it does no harm.
   * @param userId whose device it must be; undefined: anybody's
   * @throws `sync-device.not-found`
   */
  async revoke(
    actor: HospitalActor,
    userId: string | undefined,
    id: string,
    { wipe }: RevokeSyncDeviceDto,
  ): Promise<SyncDeviceDto> {
    const row = await this.unitOfWork.inPublic(actor, async (tx) => {
      const revoked = await this.devices.revoke(tx, { hospitalId: actor.hospital.id, userId }, { id, wipe });
      if (!revoked) throw syncInboxError('sync-device.not-found');
      return revoked;
    });
    return toSyncDeviceDto(row, await this.users.displayNames([row.userId]));
  }

  /** Names of the hospital's devices, of those that are known. */
  async names({ hospital }: HospitalActor, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const devices = await this.devices.findNames(hospital.id, [...new Set(ids)]);
    return new Map(devices.map(({ id, name }) => [id, name]));
  }
}

const toSyncDeviceDto = (row: SyncDeviceRow, names: ReadonlyMap<string, string>): SyncDeviceDto => ({
  id: row.id,
  user: { id: row.userId, displayName: names.get(row.userId) ?? null },
  name: row.name,
  app: row.app,
  registeredAt: row.registeredAt.toISOString(),
  seenAt: row.seenAt?.toISOString() ?? null,
  lastSeq: Number(row.lastSeq),
  revokedAt: row.revokedAt?.toISOString() ?? null,
  wipe: row.wipe,
});
