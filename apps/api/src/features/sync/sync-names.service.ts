import { Injectable } from '@nestjs/common';
import type { HospitalActor } from '../../platform/access/actor.js';
import { UserDirectory } from '../users/user-directory.service.js';
import { SyncDevicesService } from './devices/sync-devices.service.js';
import type { SyncSourceDto, SyncUserDto } from './sync.dto.js';

/** Ids of users and devices that were found in a record. */
export interface Mentions {
  readonly users: readonly string[];
  readonly devices: readonly string[];
}

export interface NamesOfSync {
  user(id: string): SyncUserDto;
  device(id: string): SyncSourceDto;
}

/** Who did something, and on which device. */
@Injectable()
export class SyncNames {
  constructor(
    private readonly users: UserDirectory,
    private readonly devices: SyncDevicesService,
  ) {}

  /** Asks once for all of them. */
  async of(actor: HospitalActor, mentions: readonly Mentions[]): Promise<NamesOfSync> {
    const users = await this.users.displayNames(mentions.flatMap((each) => each.users));
    const devices = await this.devices.names(
      actor,
      mentions.flatMap((each) => each.devices),
    );
    return {
      user: (id) => ({ id, displayName: users.get(id) ?? null }),
      device: (id) => ({ id, name: devices.get(id) ?? null }),
    };
  }
}
