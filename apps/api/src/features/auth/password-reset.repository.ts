import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import { toContext } from './password.repository.js';

export interface ResetRequest {
  readonly id: string;
  readonly email: string;
  readonly expiresAt: Date;
}

@Injectable()
export class PasswordResetRepository {
  constructor(private readonly database: HospitalDatabase) {}

  async add(tx: PublicTx, request: ResetRequest): Promise<void> {
    await tx.passwordReset.create({ data: request });
  }

  /** A living request whose mail was made, with its active user. */
  async findLiving(tokenHash: Uint8Array<ArrayBuffer>, now: Date) {
    const found = await this.database.publicClient.passwordReset.findFirst({
      where: { tokenHash, usedAt: null, expiresAt: { gt: now }, user: { status: 'active' } },
      select: {
        id: true,
        user: {
          select: {
            id: true,
            email: true,
            displayName: true,
            memberships: { where: { revokedAt: null }, select: { hospital: { select: { name: true } } } },
          },
        },
      },
    });
    return found?.user ? { id: found.id, userId: found.user.id, context: toContext(found.user) } : undefined;
  }

  async wasUsedSince(tx: PublicTx, userId: string, since: Date): Promise<boolean> {
    return (await tx.passwordReset.count({ where: { userId, usedAt: { gt: since } } })) > 0;
  }

  /** Uses one request up and ends the user's others; false when it was used or ended meanwhile. */
  async spend(tx: PublicTx, id: string, userId: string, now: Date): Promise<boolean> {
    const where = { id, usedAt: null, expiresAt: { gt: now } };
    const { count } = await tx.passwordReset.updateMany({ where, data: { usedAt: now } });
    await tx.passwordReset.updateMany({ where: { userId, usedAt: null }, data: { expiresAt: now } });
    return count === 1;
  }
}
