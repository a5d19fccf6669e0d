import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { authError } from './auth.errors.js';
import { sessionLifetimeMs } from './refresh-token.js';

const hospitalSummary = { id: true, slug: true, name: true, timezone: true, currency: true } as const;
const userSummary = { id: true, email: true, displayName: true, platformRole: true } as const;

export interface NewSession {
  readonly userId: string;
  readonly hospitalId: string | null;
  readonly tokenHash: Uint8Array<ArrayBuffer>;
  readonly userAgent: string | undefined;
  readonly now: Date;
}

export interface Acceptance {
  readonly tokenHash: Uint8Array<ArrayBuffer>;
  /** Of the password a new account chose; null when the account has one. */
  readonly newHash: string | null;
  readonly now: Date;
}

type RevokeReason = 'logout' | 'logout_all' | 'token_reuse' | 'switched';

@Injectable()
export class AuthRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** An active user with the hospitals it can sign in to and its roles there. */
  findByEmail(email: string) {
    return this.database.publicClient.user.findFirst({
      where: { email },
      select: { ...userSummary, passwordHash: true, status: true, memberships: this.#livingMemberships() },
    });
  }

  findById(id: string) {
    return this.database.publicClient.user.findUnique({
      where: { id },
      select: { ...userSummary, status: true, memberships: this.#livingMemberships() },
    });
  }

  async createSession(tx: PublicTx, session: NewSession): Promise<string> {
    const id = uuidv7();
    await tx.session.create({
      data: {
        id,
        userId: session.userId,
        hospitalId: session.hospitalId,
        userAgent: session.userAgent?.slice(0, 300) ?? null,
        expiresAt: new Date(session.now.getTime() + sessionLifetimeMs),
      },
    });
    await this.addToken(tx, id, session.tokenHash);
    await tx.user.update({ where: { id: session.userId }, data: { lastLoginAt: session.now } });
    return id;
  }

  async addToken(tx: PublicTx, sessionId: string, tokenHash: Uint8Array<ArrayBuffer>): Promise<void> {
    await tx.refreshToken.create({ data: { sessionId, tokenHash } });
  }

  /** The session a token belongs to, locked until the transaction ends so that rotations happen one after another. */
  async lockSessionOfToken(tx: PublicTx, tokenHash: Uint8Array<ArrayBuffer>) {
    const token = await tx.refreshToken.findUnique({ where: { tokenHash }, select: { sessionId: true } });
    if (!token) return null;
    await tx.$queryRaw`select from public.session where id = ${token.sessionId}::uuid for update`;
    return tx.refreshToken.findUnique({
      where: { tokenHash },
      select: {
        rotatedAt: true,
        successor: true,
        session: { select: { id: true, userId: true, hospitalId: true, expiresAt: true, revokedAt: true } },
      },
    });
  }

  async isRotated(tx: PublicTx, tokenHash: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const token = await tx.refreshToken.findUnique({ where: { tokenHash }, select: { rotatedAt: true } });
    return token !== null && token.rotatedAt !== null;
  }

  async rotate(tx: PublicTx, from: Uint8Array<ArrayBuffer>, to: Uint8Array<ArrayBuffer>, now: Date): Promise<void> {
    const { sessionId } = await tx.refreshToken.update({
      where: { tokenHash: from },
      data: { rotatedAt: now, successor: to },
      select: { sessionId: true },
    });
    await this.addToken(tx, sessionId, to);
    const expiresAt = new Date(now.getTime() + sessionLifetimeMs);
    await tx.session.update({ where: { id: sessionId }, data: { expiresAt } });
  }

  async revokeSession(tx: PublicTx, id: string, reason: RevokeReason, now: Date): Promise<void> {
    await tx.session.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: now, revokeReason: reason } });
  }

  async revokeSessionsOf(tx: PublicTx, userId: string, now: Date): Promise<string[]> {
    const ended = await tx.session.updateManyAndReturn({
      where: { userId, revokedAt: null },
      data: { revokedAt: now, revokeReason: 'logout_all' },
      select: { id: true },
    });
    return ended.map((session) => session.id);
  }

  findInvitation(tokenHash: Uint8Array<ArrayBuffer>, now: Date) {
    return this.database.publicClient.invitation.findFirst({
      where: { tokenHash, acceptedAt: null, expiresAt: { gt: now }, user: { status: { not: 'disabled' } } },
      select: { user: { select: { status: true, passwordHash: true } } },
    });
  }

  /**
   * Spends a living invitation and makes its memberships count. False when it was spent meanwhile.
   * @throws `auth.invitation-invalid` when the account got its password meanwhile
   */
  async acceptInvitation(tx: PublicTx, { tokenHash, newHash, now }: Acceptance): Promise<boolean> {
    const [spent] = await tx.invitation.updateManyAndReturn({
      where: { tokenHash, acceptedAt: null, expiresAt: { gt: now } },
      data: { acceptedAt: now },
      select: { userId: true, hospitalId: true },
    });
    if (!spent) return false;
    const { userId, hospitalId } = spent;
    const { count } = await tx.user.updateMany({
      where: { id: userId, status: newHash === null ? 'active' : 'invited' },
      data: newHash === null ? { status: 'active' } : { status: 'active', passwordHash: newHash },
    });
    if (count === 0) throw authError('auth.invitation-invalid');
    await tx.membership.updateMany({
      where: { userId, hospitalId, acceptedAt: null, revokedAt: null },
      data: { acceptedAt: now },
    });
    return true;
  }

  #livingMemberships() {
    return {
      where: { acceptedAt: { not: null }, revokedAt: null, disabledAt: null, hospital: { status: 'active' } },
      select: { role: true, hospital: { select: hospitalSummary } },
      orderBy: { createdAt: 'asc' },
    } as const;
  }
}
