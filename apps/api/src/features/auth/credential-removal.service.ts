import { Injectable } from '@nestjs/common';
import type { PublicTx } from '@hms/database';
import { AuthRepository } from './auth.repository.js';
import { KnownDevicesRepository } from './known-devices.repository.js';
import { MfaRepository } from './mfa.repository.js';
import { PasswordRepository } from './password.repository.js';

/** Takes everything from an account that was set up before its holder was recognised: it may be somebody else's. */
@Injectable()
export class CredentialRemoval {
  constructor(
    private readonly accounts: AuthRepository,
    private readonly passwords: PasswordRepository,
    private readonly factors: MfaRepository,
    private readonly devices: KnownDevicesRepository,
  ) {}

  /** Password, second factor and known devices go, and with them every session; returns the sessions. */
  async removeAll(tx: PublicTx, userId: string, now: Date): Promise<string[]> {
    const ended = await this.accounts.endSessions(tx, userId, { reason: 'credentials_changed', now });
    await this.passwords.remove(tx, userId);
    await this.factors.removeFactor(tx, userId);
    await this.devices.forgetAll(tx, userId);
    return ended;
  }
}
