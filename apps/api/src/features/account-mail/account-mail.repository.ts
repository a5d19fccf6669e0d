import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';

export interface Recipient {
  readonly id: string;
  readonly email: string;
  readonly displayName: string;
}

const recipient = { id: true, email: true, displayName: true } as const;
/** So many mails for one account within the life of a token; more would only fill a mailbox. */
const maxLivingResets = 3;
const forgetAfterMs = 24 * 3_600_000;

@Injectable()
export class AccountMailRepository {
  constructor(private readonly database: HospitalDatabase) {}

  findUser(id: string): Promise<Recipient | null> {
    return this.database.publicClient.user.findUnique({ where: { id }, select: recipient });
  }

  /** Undefined once it was accepted, replaced or has ended. */
  async findInvitation(id: string, now: Date) {
    const found = await this.database.publicClient.invitation.findFirst({
      where: { id, acceptedAt: null, revokedAt: null, expiresAt: { gt: now } },
      select: { tokenHash: true, user: { select: recipient }, hospital: { select: { name: true } } },
    });
    return found ?? undefined;
  }

  /**
   * Whose the address of a request is, with the token from now on good for it; undefined when it is nobody's, or when
   * the account has enough living requests. Requests of yesterday are forgotten.
   */
  assignReset(id: string, tokenHash: Uint8Array<ArrayBuffer>, now: Date): Promise<Recipient | undefined> {
    return this.database.inPublic(async (tx) => {
      await tx.passwordReset.deleteMany({ where: { expiresAt: { lt: new Date(now.getTime() - forgetAfterMs) } } });
      const request = await tx.passwordReset.findFirst({ where: { id, usedAt: null, expiresAt: { gt: now } } });
      if (!request) return undefined;
      const user = await tx.user.findFirst({ where: { email: request.email, status: 'active' }, select: recipient });
      if (!user) return undefined;
      const others = { userId: user.id, id: { not: id }, usedAt: null, expiresAt: { gt: now } };
      if ((await tx.passwordReset.count({ where: others })) >= maxLivingResets) return undefined;
      await tx.passwordReset.update({ where: { id }, data: { userId: user.id, tokenHash } });
      return user;
    });
  }
}
