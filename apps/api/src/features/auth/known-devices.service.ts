import { Injectable } from '@nestjs/common';
import { hashOpaqueToken, newOpaqueToken } from '../../platform/access/opaque-token.js';
import { KnownDevicesRepository } from './known-devices.repository.js';

const nobody = '00000000-0000-0000-0000-000000000000';

/**
 * Devices on which a user has signed in before: they hold a token that no stranger has, so what strangers do to the
 * account does not keep its owner out. It opens nothing by itself.
 */
@Injectable()
export class KnownDevices {
  constructor(private readonly devices: KnownDevicesRepository) {}

  /** The hash that stands for the device, if it is known to this user. Asks the database for an unknown user too. */
  async find(userId: string | undefined, token: string | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (token === undefined) return undefined;
    const hash = hashOpaqueToken(token);
    return (await this.devices.isKnown(userId ?? nobody, hash)) ? hash : undefined;
  }

  /** After a complete sign-in. @returns the token of the device from now on, which is the presented one if it is known */
  async remember(userId: string, presented: string | undefined): Promise<string> {
    if (presented !== undefined && (await this.devices.touch(userId, hashOpaqueToken(presented), new Date()))) {
      return presented;
    }
    const token = newOpaqueToken();
    await this.devices.add(userId, hashOpaqueToken(token));
    return token;
  }
}
