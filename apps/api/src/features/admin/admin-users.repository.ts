import { Injectable } from '@nestjs/common';
import type { Role } from '@hms/contracts';
import { HospitalDatabase, type HospitalId, type PublicPrisma } from '@hms/database';
import { likeLiteral } from '../../platform/http/like.js';

export interface AdminUserFilter {
  readonly role?: Role;
  readonly active?: boolean;
  readonly q?: string;
}

/** Undefined: the whole platform. */
export type Within = HospitalId | undefined;

@Injectable()
export class AdminUsersRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** Newest first: ids are in the order of time. */
  list(within: Within, filter: AdminUserFilter, before: string | undefined, take: number) {
    const earlier = before === undefined ? {} : { id: { lt: before } };
    return this.database.publicClient.user.findMany({
      where: { AND: [matching(within, filter), earlier] },
      select: {
        id: true,
        email: true,
        displayName: true,
        status: true,
        platformRole: true,
        createdAt: true,
        lastLoginAt: true,
        memberships: {
          where: membershipsOf(within),
          select: { role: true, hospitalId: true, acceptedAt: true, disabledAt: true },
          orderBy: [{ hospitalId: 'asc' }, { role: 'asc' }],
        },
      },
      orderBy: { id: 'desc' },
      take,
    });
  }

  count(within: Within, filter: AdminUserFilter): Promise<number> {
    return this.database.publicClient.user.count({ where: matching(within, filter) });
  }

  /** How many people hold each role. */
  async countByRole(within: Within): Promise<{ role: string; count: number }[]> {
    const held = await this.database.publicClient.$queryRaw<{ role: string; count: number }[]>`
      select role, count(distinct user_id)::int as count from public.membership
       where revoked_at is null and (${within ?? null}::uuid is null or hospital_id = ${within ?? null}::uuid)
       group by role order by role`;
    if (within !== undefined) return held;
    const count = await this.database.publicClient.user.count({ where: { platformRole: 'super_admin' } });
    return [{ role: 'super_admin', count }, ...held];
  }
}

export type AdminUserRow = Awaited<ReturnType<AdminUsersRepository['list']>>[number];

const membershipsOf = (within: Within): PublicPrisma.MembershipWhereInput => ({
  revokedAt: null,
  ...(within === undefined ? {} : { hospitalId: within }),
});

function matching(within: Within, { role, active, q }: AdminUserFilter): PublicPrisma.UserWhereInput {
  const here = membershipsOf(within);
  const part = q === undefined ? undefined : ({ contains: likeLiteral(q), mode: 'insensitive' } as const);
  const accepted = { ...here, acceptedAt: { not: null }, disabledAt: null };
  const working: PublicPrisma.UserWhereInput = {
    status: 'active',
    ...(within === undefined ? {} : { memberships: { some: accepted } }),
  };
  return {
    AND: [
      ...(within === undefined ? [] : [{ memberships: { some: here } }]),
      ...(role === undefined ? [] : [holding(role, within)]),
      ...(active === undefined ? [] : [active ? working : { NOT: working }]),
      ...(part === undefined ? [] : [{ OR: [{ displayName: part }, { email: part }] }]),
    ],
  };
}

/** The platform's own role is held in no hospital. */
function holding(role: Role, within: Within): PublicPrisma.UserWhereInput {
  if (role !== 'super_admin') return { memberships: { some: { ...membershipsOf(within), role } } };
  return within === undefined ? { platformRole: role } : { id: { in: [] } };
}
