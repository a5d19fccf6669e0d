import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { SessionRegistry } from '../../platform/access/session-registry.service.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import type { CountedPage } from '../../platform/http/counted-page.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage } from '../../platform/http/page.js';
import { MembershipReferences } from './membership-references.service.js';
import { isPatientAccount, planRoles, toUserDto, type Member } from './membership.policy.js';
import type { ListUsersQueryDto, SetRolesDto, UserDto } from './users.dto.js';
import { userError } from './users.errors.js';
import { UsersRepository } from './users.repository.js';

/** Changes one member and returns its sessions, which must be looked at again. */
type MemberChange = (tx: PublicTx, member: Member) => Promise<string[]>;

@Injectable()
export class UsersService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly users: UsersRepository,
    private readonly references: MembershipReferences,
    private readonly sessions: SessionRegistry,
    private readonly outbox: Outbox,
  ) {}

  async list(actor: HospitalActor, query: ListUsersQueryDto): Promise<CountedPage<UserDto>> {
    const { cursor, limit, count = false } = query;
    const { id: hospital } = actor.hospital;
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { displayName: 'text', id: 'uuid' });
    const members = await this.users.list(hospital, query, after, limit + 1);
    const page = toPage(members, limit, toUserDto, ({ displayName, id }) => [displayName, id]);
    return { ...page, ...(count ? { total: await this.users.count(hospital, query) } : {}) };
  }

  /** @throws `user.not-found` */
  get(actor: HospitalActor, id: string): Promise<UserDto> {
    return this.database.inPublic(async (tx) => toUserDto(await this.#require(tx, actor, id)));
  }

  /** @throws `user.not-found`, `user.patient-account`, `user.last-admin` or `request.invalid` for a foreign ward */
  async setRoles(actor: HospitalActor, id: string, { roles, wardIds = [] }: SetRolesDto): Promise<UserDto> {
    await this.references.check(actor.hospital, { wardIds, patientId: undefined });
    return this.#change(actor, id, async (tx, { memberships }) => {
      if (isPatientAccount(memberships)) throw userError('user.patient-account');
      const { acceptedAt = null, disabledAt = null } = memberships[0] ?? {};
      const change = { userId: id, wardIds, patientId: null, acceptedAt, disabledAt, by: actor.userId };
      await this.users.applyRoles(tx, actor.hospital.id, change, planRoles(memberships, roles));
      return this.users.openSessions(tx, actor.hospital.id, id);
    });
  }

  /** Ends the user's sessions in this hospital at once. @throws `user.not-found`, `user.self-disable`, `user.last-admin` */
  async disable(actor: HospitalActor, id: string): Promise<UserDto> {
    if (id === actor.userId) throw userError('user.self-disable');
    const now = new Date();
    return this.#change(actor, id, async (tx) => {
      await this.users.setDisabled(tx, actor.hospital.id, id, now);
      return this.users.revokeSessions(tx, actor.hospital.id, id, now);
    });
  }

  /** @throws `user.not-found` */
  enable(actor: HospitalActor, id: string): Promise<UserDto> {
    return this.#change(actor, id, async (tx) => {
      await this.users.setDisabled(tx, actor.hospital.id, id, null);
      return [];
    });
  }

  /** Changes of one hospital happen one after another, so that its last administrator cannot leave unnoticed. */
  async #change(actor: HospitalActor, id: string, change: MemberChange): Promise<UserDto> {
    const { user, touched } = await this.unitOfWork.inPublic(actor, async (tx) => {
      await this.users.lockMemberships(tx, actor.hospital.id);
      const touched = await change(tx, await this.#require(tx, actor, id));
      if (!(await this.users.hasAdministrator(tx, actor.hospital.id))) throw userError('user.last-admin');
      await this.outbox.add(tx, eventBy(actor, 'membership.changed', { userId: id }));
      return { user: toUserDto(await this.#require(tx, actor, id)), touched };
    });
    for (const session of touched) this.sessions.forget(session);
    return user;
  }

  async #require(tx: PublicTx, actor: HospitalActor, id: string): Promise<Member> {
    const member = await this.users.find(tx, actor.hospital.id, id);
    if (!member) throw userError('user.not-found');
    return member;
  }
}
