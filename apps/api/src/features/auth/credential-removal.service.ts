import { Injectable } from '@nestjs/common';
import type { PublicTx } from '@hms/database';
import { AuthRepository } from './auth.repository.js';
import { KnownDevicesRepository } from './known-devices.repository.js';
import { MfaRepository } from './mfa.repository.js';
import { PasswordRepository } from './password.repository.js';

/**
 * Takes from an account what it was signed in to with before a mailbox was believed: that may be somebody else's. A second
 * factor that was confirmed stays and is asked for: a mailbox alone must not get past it.
 */
@Injectable()
export class CredentialRemoval {
  constructor(
    private readonly accounts: AuthRepository,
    private readonly passwords: PasswordRepository,
    private readonly factors: MfaRepository,
    private readonly devices: KnownDevicesRepository,
  ) {}

  /** Password, an enrolment nobody confirmed and known devices go, and with them every session; returns the sessions. */
  async removeFirstFactor(tx: PublicTx, userId: string, now: Date): Promise<string[]> {
    const ended = await this.accounts.endSessions(tx, userId, { reason: 'credentials_changed', now });
    await this.passwords.remove(tx, userId);
    await this.factors.removeOffer(tx, userId);
    await this.factors.endChallenges(tx, userId);
    await this.devices.forgetAll(tx, userId);
    return ended;
  }
}
