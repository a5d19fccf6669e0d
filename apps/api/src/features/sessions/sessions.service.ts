import { Injectable } from '@nestjs/common';
import type { Actor, HospitalActor } from '../../platform/access/actor.js';
import { timeoutOf } from '@hms/auth';
import { SessionRegistry } from '../../platform/access/session-registry.service.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage, type Page, type PageQueryDto } from '../../platform/http/page.js';
import { UsersService } from '../users/users.service.js';
import type { SessionDto } from './sessions.dto.js';
import { sessionError } from './sessions.errors.js';
import { SessionsRepository, type Revocation, type SessionOwner, type SessionRow } from './sessions.repository.js';

@Injectable()
export class SessionsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sessions: SessionsRepository,
    private readonly registry: SessionRegistry,
    private readonly users: UsersService,
  ) {}

  /** The actor's own, in every hospital. */
  listOwn(actor: Actor, query: PageQueryDto): Promise<Page<SessionDto>> {
    return this.#list(actor, { userId: actor.userId }, query);
  }

  /** @throws `session.not-found` */
  revokeOwn(actor: Actor, id: string): Promise<void> {
    return this.#revoke(actor, { userId: actor.userId }, id, 'revoked');
  }

  /** Those of a member in the actor's hospital. @throws `user.not-found` */
  async listOf(actor: HospitalActor, userId: string, query: PageQueryDto): Promise<Page<SessionDto>> {
    await this.users.get(actor, userId);
    return this.#list(actor, { userId, hospitalId: actor.hospital.id }, query);
  }

  /** @throws `user.not-found` or `session.not-found` */
  async revokeOf(actor: HospitalActor, userId: string, id: string): Promise<void> {
    await this.users.get(actor, userId);
    await this.#revoke(actor, { userId, hospitalId: actor.hospital.id }, id, 'revoked_by_admin');
  }

  async #list(actor: Actor, owner: SessionOwner, { limit, cursor }: PageQueryDto): Promise<Page<SessionDto>> {
    const now = new Date();
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    const rows = await this.sessions.list(owner, { before, now, take: limit + 1 });
    const page = toPage(
      rows,
      limit,
      (row) => row,
      ({ id }) => [id],
    );
    const living = page.items.filter((row) => timeoutOf(row, now) === undefined);
    return { items: living.map((row) => toSessionDto(row, actor)), nextCursor: page.nextCursor };
  }

  async #revoke(actor: Actor, owner: SessionOwner, id: string, reason: Revocation['reason']): Promise<void> {
    await this.unitOfWork.inPublic(actor, async (tx) => {
      const revoked = await this.sessions.revoke(tx, owner, id, { reason, now: new Date() });
      if (!revoked) throw sessionError('session.not-found');
    });
    this.registry.forget(id);
  }
}

const toSessionDto = (row: SessionRow, { sessionId }: Actor): SessionDto => ({
  id: row.id,
  kind: row.kind,
  userAgent: row.userAgent,
  ip: row.ip,
  hospital: row.hospital?.slug ?? null,
  createdAt: row.createdAt.toISOString(),
  lastSeenAt: row.lastSeenAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  current: row.id === sessionId,
});
