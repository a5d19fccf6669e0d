import { Injectable } from '@nestjs/common';
import { isRole, type Role } from '@hms/contracts';
import { HospitalDatabase, hospitalRef, type HospitalRef } from '@hms/database';

/** What the database says of a session right now. */
export interface SessionState {
  readonly userId: string;
  readonly roles: readonly Role[];
  readonly hospital?: HospitalRef;
  readonly wardIds?: readonly string[];
  readonly patientId?: string;
}

@Injectable()
export class SessionRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** The state of a session whose user and hospital are active, or undefined. */
  async findActive(sessionId: string, now: Date): Promise<SessionState | undefined> {
    const session = await this.database.publicClient.session.findFirst({
      where: {
        id: sessionId,
        revokedAt: null,
        expiresAt: { gt: now },
        user: { status: 'active' },
        OR: [{ hospitalId: null }, { hospital: { status: 'active' } }],
      },
      select: {
        userId: true,
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
    return session ? toSessionState(session) : undefined;
  }
}

interface SessionRow {
  readonly userId: string;
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
function toSessionState({ userId, hospital, user }: SessionRow): SessionState | undefined {
  if (!hospital) return user.platformRole === 'super_admin' ? { userId, roles: ['super_admin'] } : undefined;
  const held = user.memberships.filter((m) => m.hospitalId === hospital.id);
  const roles = held.map((m) => m.role).filter(isRole);
  if (roles.length === 0) return undefined;
  const patientId = held.find((m) => m.patientId !== null)?.patientId;
  const limited = held.every((m) => m.wardIds.length > 0);
  return {
    userId,
    roles,
    hospital: hospitalRef(hospital),
    ...(limited ? { wardIds: [...new Set(held.flatMap((m) => m.wardIds))] } : {}),
    ...(patientId ? { patientId } : {}),
  };
}
