import { Injectable } from '@nestjs/common';
import { isRole, type Role } from '@hms/contracts';
import { HospitalDatabase, hospitalRef, type HospitalRef, type PublicTx } from '@hms/database';
import type { ProofOfSession } from './fresh-proof.policy.js';
import { rolesProvenBy, sessionKindOf, type SessionTimeout, suits, timeoutOf } from '@hms/auth';

/** What the database says of a session right now. */
export interface SessionState {
  readonly userId: string;
  readonly roles: readonly Role[];
  readonly hospital?: HospitalRef;
  readonly wardIds?: readonly string[];
  readonly patientId?: string;
  /** When a second factor was verified in this session; absent: never. */
  readonly mfaAt?: Date;
}

/** What a session is good for, or how it ended; undefined for one that is unknown, revoked or of no right any more. */
export type SessionStanding = SessionState | { readonly timeout: SessionTimeout } | undefined;

@Injectable()
export class SessionRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** The state of a session whose user and hospital are active, as `tx` sees it where one is given. */
  async findStanding(
    sessionId: string,
    now: Date,
    tx: Pick<PublicTx, 'session'> = this.database.publicClient,
  ): Promise<SessionStanding> {
    const session = await tx.session.findFirst({
      where: {
        id: sessionId,
        revokedAt: null,
        user: { status: 'active' },
        OR: [{ hospitalId: null }, { hospital: { status: 'active' } }],
      },
      select: {
        userId: true,
        kind: true,
        amr: true,
        lastSeenAt: true,
        expiresAt: true,
        mfaAt: true,
        hospital: { select: { id: true, slug: true } },
        user: {
          select: {
            platformRole: true,
            memberships: {
              where: { acceptedAt: { not: null }, revokedAt: null, disabledAt: null },
              select: { hospitalId: true, role: true, wardIds: true, patientId: true },
            },
          },
        },
      },
    });
    if (!session) return undefined;
    const kind = sessionKindOf(session.kind);
    const timeout = timeoutOf({ ...session, kind }, now);
    if (timeout !== undefined) return { timeout };
    const state = toSessionState(session);
    return state && suits(kind, state.roles) ? state : undefined;
  }

  /** How the user of a session proved who they are; undefined for an unknown one. */
  async findProof(sessionId: string): Promise<ProofOfSession | undefined> {
    const session = await this.database.publicClient.session.findUnique({
      where: { id: sessionId },
      select: { provedAt: true, mfaAt: true, user: { select: { totpFactor: { select: { confirmedAt: true } } } } },
    });
    if (!session) return undefined;
    const { provedAt, mfaAt, user } = session;
    return { provedAt, mfaAt, isEnrolled: user.totpFactor?.confirmedAt instanceof Date };
  }

  /** Records that the sessions are in use. */
  async touch(ids: readonly string[], now: Date): Promise<void> {
    await this.database.publicClient.session.updateMany({
      where: { id: { in: [...ids] }, revokedAt: null, lastSeenAt: { lt: now } },
      data: { lastSeenAt: now },
    });
  }
}

interface SessionRow {
  readonly userId: string;
  readonly mfaAt: Date | null;
  readonly amr: readonly string[];
  readonly hospital: { readonly id: string; readonly slug: string } | null;
  readonly user: {
    readonly platformRole: string | null;
    readonly memberships: readonly MembershipRow[];
  };
}

interface MembershipRow {
  readonly hospitalId: string;
  readonly role: string;
  readonly wardIds: readonly string[];
  readonly patientId: string | null;
}

/** Roles of the session's own hospital only; a platform role counts outside every hospital only. */
function toSessionState({ userId, hospital, user, mfaAt, amr }: SessionRow): SessionState | undefined {
  const held = user.memberships.filter((m) => m.hospitalId === hospital?.id);
  const named = hospital ? held.map((m) => m.role) : [user.platformRole];
  const roles = rolesProvenBy(amr, named.filter(isRole));
  if (roles.length === 0) return undefined;
  const proof = mfaAt === null ? {} : { mfaAt };
  if (!hospital) return { userId, roles, ...proof };
  const patientId = held.find((m) => m.patientId !== null)?.patientId;
  const limited = held.every((m) => m.wardIds.length > 0);
  return {
    userId,
    roles,
    ...proof,
    hospital: hospitalRef(hospital),
    ...(limited ? { wardIds: [...new Set(held.flatMap((m) => m.wardIds))] } : {}),
    ...(patientId ? { patientId } : {}),
  };
}
