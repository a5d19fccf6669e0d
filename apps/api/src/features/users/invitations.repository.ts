import { Injectable } from '@nestjs/common';
import { type HospitalId, type PublicTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';

export interface Account {
  readonly id: string;
  readonly status: string;
}

export interface NewInvitation {
  readonly id: string;
  readonly tokenHash: Uint8Array<ArrayBuffer>;
  readonly userId: string;
  readonly by: string;
  readonly now: Date;
  readonly expiresAt: Date;
}

@Injectable()
export class InvitationsRepository {
  /** The account of that e-mail, made when there is none, and locked until the transaction ends. */
  async lockAccount(tx: PublicTx, email: string, displayName: string): Promise<Account> {
    const data = [{ id: uuidv7(), email, displayName, status: 'invited' }];
    await tx.user.createMany({ data, skipDuplicates: true });
    const { id } = await tx.user.findUniqueOrThrow({ where: { email }, select: { id: true } });
    await tx.$queryRaw`select from public.app_user where id = ${id}::uuid for update`;
    return tx.user.findUniqueOrThrow({ where: { id }, select: { id: true, status: true } });
  }

  /** Stores an invitation in the place of the one of the same user to the same hospital that is still open. */
  async replace(tx: PublicTx, hospital: HospitalId, invitation: NewInvitation): Promise<void> {
    const { id, tokenHash, userId, by, now, expiresAt } = invitation;
    await tx.invitation.updateMany({
      where: { userId, hospitalId: hospital, acceptedAt: null, revokedAt: null },
      data: { revokedAt: now },
    });
    await tx.invitation.create({ data: { id, tokenHash, userId, hospitalId: hospital, createdBy: by, expiresAt } });
  }
}
