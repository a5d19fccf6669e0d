import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalId, type PublicPrisma, type PublicTx } from '@hms/database';
import { sessionKindOf } from '@hms/auth';

const columns = {
  id: true,
  kind: true,
  userAgent: true,
  ip: true,
  createdAt: true,
  lastSeenAt: true,
  expiresAt: true,
  hospital: { select: { slug: true } },
} as const satisfies PublicPrisma.SessionSelect;

/** Whose sessions are meant; with a hospital, only those in it. */
export interface SessionOwner {
  readonly userId: string;
  readonly hospitalId?: HospitalId;
}

export interface Revocation {
  readonly reason: 'revoked' | 'revoked_by_admin';
  readonly now: Date;
}

@Injectable()
export class SessionsRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** Sessions nobody ended, newest first, from before the session `before` on. */
  async list(owner: SessionOwner, { before, now, take }: { before: string | undefined; now: Date; take: number }) {
    const rows = await this.database.publicClient.session.findMany({
      where: {
        ...owner,
        revokedAt: null,
        expiresAt: { gt: now },
        ...(before === undefined ? {} : { id: { lt: before } }),
      },
      select: columns,
      orderBy: { id: 'desc' },
      take,
    });
    return rows.map((row) => ({ ...row, kind: sessionKindOf(row.kind) }));
  }

  /** False when there is no such living session. */
  async revoke(tx: PublicTx, owner: SessionOwner, id: string, { reason, now }: Revocation): Promise<boolean> {
    const { count } = await tx.session.updateMany({
      where: { ...owner, id, revokedAt: null, expiresAt: { gt: now } },
      data: { revokedAt: now, revokeReason: reason },
    });
    return count === 1;
  }
}

export type SessionRow = Awaited<ReturnType<SessionsRepository['list']>>[number];
