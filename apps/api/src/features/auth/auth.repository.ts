import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { SignInEpochs } from '../../platform/access/sign-in-epochs.repository.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { sessionKindOf, type SessionKind } from '@hms/auth';
import { authError } from './auth.errors.js';
import { isAuthenticationMethod, type SessionProof } from './session-proof.js';

const hospitalSummary = { id: true, slug: true, name: true, timezone: true, currency: true } as const;
const lockedSession = { id: true, userId: true, hospitalId: true, kind: true, revokedAt: true } as const;
const userSummary = { id: true, email: true, displayName: true, platformRole: true, signInEpoch: true } as const;

export interface NewSession {
  readonly userId: string;
  /** That of the user when the sign-in began. */
  readonly epoch: number;
  readonly hospitalId: string | null;
  readonly tokenHash: Uint8Array<ArrayBuffer>;
  readonly origin: Pick<RequestOrigin, 'ip' | 'userAgent'>;
  readonly kind: SessionKind;
  readonly proof: SessionProof;
  /** When it ends whatever is done with it. */
  readonly expiresAt: Date;
  readonly now: Date;
  /** When the user last proved who they are; absent: now. */
  readonly provedAt?: Date;
}

type RevokeReason = 'logout' | 'token_reuse';

export interface EndOfSessions {
  readonly reason: 'logout_all' | 'credentials_changed';
  readonly now: Date;
  /** The one session that goes on. */
  readonly except?: string;
}

@Injectable()
export class AuthRepository {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly epochs: SignInEpochs,
  ) {}

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

  /** @throws `auth.refresh-invalid` unless the user is active */
  async requireActive(id: string) {
    const user = await this.findById(id);
    if (user?.status !== 'active') throw authError('auth.refresh-invalid');
    return user;
  }

  /**
   * Locks the user before anything else: what the sign-in was decided on still holds when it commits.
   * @throws `auth.sign-in-outdated`
   */
  async beginSession(
    tx: PublicTx,
    { userId, epoch, now }: Pick<NewSession, 'userId' | 'epoch' | 'now'>,
  ): Promise<void> {
    if (!(await this.epochs.hold(tx, userId, epoch, now))) throw authError('auth.sign-in-outdated');
  }

  /** After {@link beginSession}. */
  async createSession(tx: PublicTx, session: NewSession): Promise<string> {
    const id = uuidv7();
    await tx.session.create({
      data: {
        id,
        userId: session.userId,
        hospitalId: session.hospitalId,
        userAgent: session.origin.userAgent?.slice(0, 300) ?? null,
        ip: session.origin.ip,
        kind: session.kind,
        amr: [...session.proof.amr],
        mfaAt: session.proof.mfaAt,
        lastSeenAt: session.now,
        expiresAt: session.expiresAt,
        provedAt: session.provedAt ?? session.now,
      },
    });
    await this.addToken(tx, id, session.tokenHash);
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
    const found = await tx.refreshToken.findUnique({
      where: { tokenHash },
      select: { rotatedAt: true, session: { select: lockedSession } },
    });
    return found && { ...found, session: { ...found.session, kind: sessionKindOf(found.session.kind) } };
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
  }

  /** Records that a session is in use. */
  async touchSession(tx: PublicTx, id: string, now: Date): Promise<void> {
    await tx.session.update({ where: { id }, data: { lastSeenAt: now } });
  }

  /** Ends a session which another one continues; undefined when it had ended already. */
  async endForSwitch(
    tx: PublicTx,
    id: string,
    now: Date,
  ): Promise<Pick<NewSession, 'kind' | 'expiresAt' | 'provedAt' | 'proof'> | undefined> {
    const [ended] = await tx.session.updateManyAndReturn({
      where: { id, revokedAt: null },
      data: { revokedAt: now, revokeReason: 'switched' },
      select: { kind: true, expiresAt: true, provedAt: true, amr: true, mfaAt: true },
    });
    if (!ended) return undefined;
    const { kind, expiresAt, provedAt, amr, mfaAt } = ended;
    const proof = { amr: amr.filter(isAuthenticationMethod), mfaAt };
    return { kind: sessionKindOf(kind), expiresAt, provedAt, proof };
  }

  async revokeSession(tx: PublicTx, id: string, reason: RevokeReason, now: Date): Promise<void> {
    await tx.session.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: now, revokeReason: reason } });
  }

  /** Ends all sessions of the user, those that are just being opened included, and returns them. */
  async endSessions(tx: PublicTx, userId: string, { reason, now, except }: EndOfSessions): Promise<string[]> {
    await this.epochs.end(tx, userId);
    const ended = await tx.session.updateManyAndReturn({
      where: { userId, revokedAt: null, ...(except === undefined ? {} : { id: { not: except } }) },
      data: { revokedAt: now, revokeReason: reason },
      select: { id: true },
    });
    return ended.map(({ id }) => id);
  }

  #livingMemberships() {
    return {
      where: { acceptedAt: { not: null }, revokedAt: null, disabledAt: null, hospital: { status: 'active' } },
      select: { role: true, hospital: { select: hospitalSummary } },
      orderBy: { createdAt: 'asc' },
    } as const;
  }
}
