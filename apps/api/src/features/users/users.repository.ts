import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalId, type PublicPrisma, type PublicTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { SignInEpochs } from '../../platform/access/sign-in-epochs.repository.js';
import { likeLiteral } from '../../platform/http/like.js';
import type { Member, RolePlan } from './membership.policy.js';
import type { UserStatus } from './users.dto.js';

export interface UserFilter {
  readonly role?: string;
  readonly status?: UserStatus;
  /** Part of the name or e-mail address. */
  readonly q?: string;
}

export interface UserPosition {
  readonly displayName: string;
  readonly id: string;
}

/** Whose roles are set where, and by whom. */
export interface RoleChange {
  readonly userId: string;
  readonly wardIds: readonly string[];
  readonly patientId: string | null;
  /** Null while the person has not accepted. */
  readonly acceptedAt: Date | null;
  readonly disabledAt: Date | null;
  readonly by: string;
}

/** Members of one hospital. Every method says of which, so that no query can forget it. */
@Injectable()
export class UsersRepository {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly epochs: SignInEpochs,
  ) {}

  /** By name and id, from after `position` on. */
  list(hospital: HospitalId, filter: UserFilter, position: UserPosition | undefined, take: number): Promise<Member[]> {
    const after: PublicPrisma.UserWhereInput[] = position
      ? [
          {
            OR: [
              { displayName: { gt: position.displayName } },
              { displayName: position.displayName, id: { gt: position.id } },
            ],
          },
        ]
      : [];
    return this.database.publicClient.user.findMany({
      where: { AND: [matching(hospital, filter), ...after] },
      select: memberColumns(hospital),
      orderBy: [{ displayName: 'asc' }, { id: 'asc' }],
      take,
    });
  }

  count(hospital: HospitalId, filter: UserFilter): Promise<number> {
    return this.database.publicClient.user.count({ where: matching(hospital, filter) });
  }

  find(tx: PublicTx, hospital: HospitalId, id: string): Promise<Member | null> {
    return tx.user.findFirst({ where: { id, ...matching(hospital, {}) }, select: memberColumns(hospital) });
  }

  /** Until the transaction ends, nobody else changes who works in this hospital. */
  async lockMemberships(tx: PublicTx, hospital: HospitalId): Promise<void> {
    await tx.$queryRaw`select from public.hospital where id = ${hospital}::uuid for no key update`;
  }

  async applyRoles(tx: PublicTx, hospital: HospitalId, change: RoleChange, plan: RolePlan): Promise<void> {
    const { userId, patientId, acceptedAt, disabledAt, by } = change;
    const wardIds = [...change.wardIds];
    const member = { hospitalId: hospital, userId };
    await tx.membership.updateMany({
      where: { ...member, id: { in: [...plan.revoke] }, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    await tx.membership.updateMany({
      where: { ...member, id: { in: [...plan.keep] }, revokedAt: null },
      data: { wardIds, patientId, disabledAt },
    });
    await tx.membership.createMany({
      data: plan.add.map((role) => ({
        ...member,
        id: uuidv7(),
        role,
        wardIds,
        patientId,
        acceptedAt,
        disabledAt,
        createdBy: by,
      })),
    });
  }

  async setDisabled(tx: PublicTx, hospital: HospitalId, userId: string, disabledAt: Date | null): Promise<void> {
    const unlike = disabledAt === null ? { not: null } : null;
    await tx.membership.updateMany({
      where: { hospitalId: hospital, userId, revokedAt: null, disabledAt: unlike },
      data: { disabledAt },
    });
  }

  /** Somebody who can sign in and manage the hospital. */
  async hasAdministrator(tx: PublicTx, hospital: HospitalId): Promise<boolean> {
    const living = { hospitalId: hospital, acceptedAt: { not: null }, revokedAt: null, disabledAt: null };
    const found = await tx.membership.findFirst({
      where: { ...living, role: 'hospital_admin', user: { status: 'active' } },
      select: { id: true },
    });
    return found !== null;
  }

  async openSessions(tx: PublicTx, hospital: HospitalId, userId: string): Promise<string[]> {
    const where = { hospitalId: hospital, userId, revokedAt: null };
    const sessions = await tx.session.findMany({ where, select: { id: true } });
    return sessions.map(({ id }) => id);
  }

  /** Ends the user's sessions in this hospital, and sign-ins under way, and returns the ids of the sessions. */
  async revokeSessions(tx: PublicTx, hospital: HospitalId, userId: string, now: Date): Promise<string[]> {
    await this.epochs.end(tx, userId);
    const ended = await tx.session.updateManyAndReturn({
      where: { hospitalId: hospital, userId, revokedAt: null },
      data: { revokedAt: now, revokeReason: 'user_disabled' },
      select: { id: true },
    });
    return ended.map(({ id }) => id);
  }
}

const memberColumns = (hospital: HospitalId) =>
  ({
    id: true,
    email: true,
    displayName: true,
    status: true,
    memberships: {
      where: { hospitalId: hospital, revokedAt: null },
      select: {
        id: true,
        role: true,
        wardIds: true,
        patientId: true,
        acceptedAt: true,
        disabledAt: true,
        createdAt: true,
      },
    },
  }) as const satisfies PublicPrisma.UserSelect;

function matching(hospital: HospitalId, { role, status, q }: UserFilter): PublicPrisma.UserWhereInput {
  const here = { hospitalId: hospital, revokedAt: null } as const;
  const disabled: PublicPrisma.UserWhereInput = {
    OR: [{ status: 'disabled' }, { memberships: { some: { ...here, disabledAt: { not: null } } } }],
  };
  const pending: PublicPrisma.UserWhereInput = { memberships: { none: { ...here, acceptedAt: { not: null } } } };
  const withStatus: Record<UserStatus, PublicPrisma.UserWhereInput> = {
    disabled,
    invited: { ...pending, NOT: disabled },
    active: { NOT: [disabled, pending] },
  };
  const part = q === undefined ? undefined : ({ contains: likeLiteral(q), mode: 'insensitive' } as const);
  return {
    memberships: { some: role === undefined ? here : { ...here, role } },
    AND: [
      ...(status === undefined ? [] : [withStatus[status]]),
      ...(part === undefined ? [] : [{ OR: [{ displayName: part }, { email: part }] }]),
    ],
  };
}
