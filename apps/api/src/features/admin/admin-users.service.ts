import { Injectable } from '@nestjs/common';
import { isRole } from '@hms/contracts';
import type { Actor } from '../../platform/access/actor.js';
import type { CountedPage } from '../../platform/http/counted-page.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage } from '../../platform/http/page.js';
import type { AdminUserDto, AdminUsersQueryDto } from './admin-users.dto.js';
import { AdminUsersRepository, type AdminUserRow, type Within } from './admin-users.repository.js';

/** The people of a hospital for its administrator, of all of them for the platform's. */
@Injectable()
export class AdminUsersService {
  constructor(private readonly users: AdminUsersRepository) {}

  /** Newest first. */
  async list({ hospital }: Actor, query: AdminUsersQueryDto): Promise<CountedPage<AdminUserDto>> {
    const { limit, cursor, count = false, ...filter } = query;
    const within = hospital?.id;
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    const rows = await this.users.list(within, filter, before, limit + 1);
    const page = toPage(
      rows,
      limit,
      (row) => toDto(row, within),
      ({ id }) => [id],
    );
    return { ...page, ...(count ? { total: await this.users.count(within, filter) } : {}) };
  }
}

function toDto({ memberships, status, platformRole, ...user }: AdminUserRow, within: Within): AdminUserDto {
  const held = memberships.flatMap(({ role, hospitalId }) => (isRole(role) ? [{ role, hospitalId }] : []));
  const onPlatform = within === undefined && isRole(platformRole) ? [{ role: platformRole, hospitalId: null }] : [];
  const works = memberships.some(({ acceptedAt, disabledAt }) => acceptedAt !== null && disabledAt === null);
  return {
    id: user.id,
    email: user.email,
    displayName: user.displayName,
    active: status === 'active' && (within === undefined || works),
    roles: [...onPlatform, ...held],
    createdAt: user.createdAt.toISOString(),
    lastLoginAt: user.lastLoginAt?.toISOString() ?? null,
  };
}
