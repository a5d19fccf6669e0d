import { Injectable } from '@nestjs/common';
import type { PublicTx } from '@hms/database';

/**
 * Keeps sign-ins that are under way and the end of what they began with apart. Both begin with the row of the user, so
 * one of them waits: a session is then either not opened, or there to be ended.
 */
@Injectable()
export class SignInEpochs {
  /** No sign-in that began before opens a session from now on. Call it before sessions are ended. */
  async end(tx: PublicTx, userId: string): Promise<void> {
    await tx.user.updateMany({ where: { id: userId }, data: { signInEpoch: { increment: 1 } } });
  }

  /** Call it before a session is opened. False when the epoch ended, or the account was closed, since the sign-in began. */
  async hold(tx: PublicTx, userId: string, epoch: number, now: Date): Promise<boolean> {
    const where = { id: userId, status: 'active', signInEpoch: epoch };
    return (await tx.user.updateMany({ where, data: { lastLoginAt: now } })).count === 1;
  }
}
