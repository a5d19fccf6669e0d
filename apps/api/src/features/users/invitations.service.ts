import { Injectable } from '@nestjs/common';
import type { HospitalRef, PublicTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { Actor } from '../../platform/access/actor.js';
import { derivedToken } from '../../platform/access/derived-token.js';
import { hashOpaqueToken } from '../../platform/access/opaque-token.js';
import { ApiConfig } from '../../platform/config/api-config.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { InvitationsRepository, type Account } from './invitations.repository.js';
import { MembershipReferences } from './membership-references.service.js';
import { assertCoherent, planRoles, toUserDto } from './membership.policy.js';
import type { InvitationDto, InviteUserDto } from './users.dto.js';
import { userError } from './users.errors.js';
import { UsersRepository } from './users.repository.js';

export const invitationLifetimeMs = 7 * 24 * 3_600_000;

type Joining = Pick<InviteUserDto, 'roles' | 'wardIds' | 'patientId'> & { readonly by: string };

@Injectable()
export class InvitationsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly invitations: InvitationsRepository,
    private readonly users: UsersRepository,
    private readonly references: MembershipReferences,
    private readonly outbox: Outbox,
    private readonly config: ApiConfig,
  ) {}

  /**
   * Asks somebody to join the hospital; the membership counts once the person accepts. Inviting again whoever has not
   * accepted yet replaces roles and token. The token is mailed to the person and told to nobody else: whoever has it
   * chooses the password of a new account.
   * @throws `request.invalid`, `user.already-member` or `user.account-disabled`
   */
  async invite(actor: Actor, hospital: HospitalRef, command: InviteUserDto): Promise<InvitationDto> {
    const { email, displayName, wardIds = [], patientId } = command;
    const by = actor.userId;
    assertCoherent(command);
    await this.references.check(hospital, { wardIds, patientId });
    return this.unitOfWork.inPublic(actor, async (tx) => {
      await this.users.lockMemberships(tx, hospital.id);
      const account = await this.invitations.lockAccount(tx, email, displayName);
      await this.#join(tx, hospital, account, { ...command, by });
      const expiresAt = await this.#issue(tx, hospital, account.id, by);
      const invited = { type: 'user.invited', payload: { userId: account.id } } as const;
      await this.outbox.add(tx, { ...invited, hospitalId: hospital.id, actorId: by });
      const member = await this.users.find(tx, hospital.id, account.id);
      if (!member) throw new Error('a member vanished inside the transaction that made it');
      return { user: toUserDto(member), expiresAt: expiresAt.toISOString() };
    });
  }

  async #join(tx: PublicTx, hospital: HospitalRef, account: Account, joining: Joining): Promise<void> {
    const present = await this.users.find(tx, hospital.id, account.id);
    const memberships = present?.memberships ?? [];
    if (account.status === 'disabled') throw userError('user.account-disabled');
    if (memberships.some(({ acceptedAt }) => acceptedAt !== null)) throw userError('user.already-member');
    const { roles, wardIds = [], patientId = null, by } = joining;
    const change = { userId: account.id, wardIds, patientId, acceptedAt: null, disabledAt: null, by };
    await this.users.applyRoles(tx, hospital.id, change, planRoles(memberships, roles));
  }

  async #issue(tx: PublicTx, hospital: HospitalRef, userId: string, by: string): Promise<Date> {
    const now = new Date();
    const expiresAt = new Date(now.getTime() + invitationLifetimeMs);
    const id = uuidv7();
    const token = derivedToken(this.config.refreshSecret, 'invitation', id);
    const invitation = { id, tokenHash: hashOpaqueToken(token), userId, by, now, expiresAt };
    await this.invitations.replace(tx, hospital.id, invitation);
    await this.outbox.add(tx, { type: 'invitation.issued', payload: { id }, hospitalId: hospital.id, actorId: by });
    return expiresAt;
  }
}
