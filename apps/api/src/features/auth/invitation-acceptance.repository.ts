import { Injectable } from '@nestjs/common';
import { HospitalDatabase, PublicPrisma, type PublicTx } from '@hms/database';

export interface OpenInvitation {
  readonly id: string;
  readonly userId: string;
  readonly hospitalId: string;
}

export interface Acceptance {
  readonly invitation: OpenInvitation;
  /** Of the password the account has, by which its holder was recognised; null: it has none. */
  readonly presentHash: string | null;
  /** Of the password it gets instead of none. */
  readonly newHash: string | null;
  readonly now: Date;
}

@Injectable()
export class InvitationAcceptanceRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** What a token invites to, and whom; undefined when it may not be accepted, any more or yet again. */
  async findByToken(tokenHash: Uint8Array<ArrayBuffer>, now: Date) {
    const { publicClient } = this.database;
    const [invitation] = await this.#findOpen(publicClient, PublicPrisma.sql`i.token_hash = ${tokenHash}`, now);
    if (!invitation) return undefined;
    const user = await publicClient.user.findFirst({
      where: { id: invitation.userId, status: { not: 'disabled' } },
      select: {
        id: true,
        status: true,
        passwordHash: true,
        email: true,
        displayName: true,
        memberships: { where: { revokedAt: null }, select: { hospital: { select: { name: true } } } },
      },
    });
    return user ? { invitation, user } : undefined;
  }

  /** The invitations of somebody who is known to own the invited address. */
  findOf(tx: PublicTx, userId: string, now: Date): Promise<OpenInvitation[]> {
    return this.#findOpen(tx, PublicPrisma.sql`i.user_id = ${userId}::uuid`, now);
  }

  /**
   * Spends an invitation and makes its memberships count. False when it, its membership or the password of the account
   * has changed meanwhile; the transaction must then be given up.
   */
  async accept(tx: PublicTx, { invitation, presentHash, newHash, now }: Acceptance): Promise<boolean> {
    const { id, userId, hospitalId } = invitation;
    const account = await tx.user.updateMany({
      where: { id: userId, status: { not: 'disabled' }, passwordHash: presentHash },
      data: { status: 'active', ...(newHash === null ? {} : { passwordHash: newHash }) },
    });
    const spent = await tx.invitation.updateMany({
      where: { id, acceptedAt: null, revokedAt: null, expiresAt: { gt: now } },
      data: { acceptedAt: now },
    });
    const joined = await tx.membership.updateMany({
      where: { userId, hospitalId, acceptedAt: null, revokedAt: null, disabledAt: null },
      data: { acceptedAt: now },
    });
    return account.count === 1 && spent.count === 1 && joined.count > 0;
  }

  /** Nobody accepts what somebody offered who has left or was disabled since. */
  #findOpen(db: Pick<PublicTx, '$queryRaw'>, which: PublicPrisma.Sql, now: Date): Promise<OpenInvitation[]> {
    return db.$queryRaw<OpenInvitation[]>`
      select i.id, i.user_id as "userId", i.hospital_id as "hospitalId" from public.invitation i
       where ${which} and i.accepted_at is null and i.revoked_at is null and i.expires_at > ${now}
         and public.may_invite(i.created_by, i.hospital_id)
         and exists (
           select from public.membership m
            where m.user_id = i.user_id and m.hospital_id = i.hospital_id
              and m.accepted_at is null and m.disabled_at is null and m.revoked_at is null)`;
  }
}

export type InvitedUser = NonNullable<Awaited<ReturnType<InvitationAcceptanceRepository['findByToken']>>>['user'];
