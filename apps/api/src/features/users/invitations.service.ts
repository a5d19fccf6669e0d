import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalRef, type PublicTx } from '@hms/database';
import { hashRefreshToken, newRefreshToken } from '../auth/refresh-token.js';
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
    private readonly database: HospitalDatabase,
    private readonly invitations: InvitationsRepository,
    private readonly users: UsersRepository,
    private readonly references: MembershipReferences,
  ) {}

  /**
   * Makes somebody a member of the hospital. Inviting again whoever has not accepted yet replaces roles and token.
   * @throws `request.invalid`, `user.already-member` or `user.account-disabled`
   */
  async invite(hospital: HospitalRef, by: string, command: InviteUserDto): Promise<InvitationDto> {
    const { email, displayName, wardIds = [], patientId } = command;
    assertCoherent(command);
    await this.references.check(hospital, { wardIds, patientId });
    return this.database.inPublic(async (tx) => {
      await this.users.lockMemberships(tx, hospital.id);
      const account = await this.invitations.lockAccount(tx, email, displayName);
      await this.#join(tx, hospital, account, { ...command, by });
      const token = await this.#issueToken(tx, hospital, account, by);
      const member = await this.users.find(tx, hospital.id, account.id);
      if (!member) throw new Error('a member vanished inside the transaction that made it');
      return { user: toUserDto(member), ...token };
    });
  }

  async #join(tx: PublicTx, hospital: HospitalRef, account: Account, joining: Joining): Promise<void> {
    const present = await this.users.find(tx, hospital.id, account.id);
    const memberships = present?.memberships ?? [];
    if (account.status === 'disabled') throw userError('user.account-disabled');
    if (memberships.length > 0 && account.status !== 'invited') throw userError('user.already-member');
    const { roles, wardIds = [], patientId = null, by } = joining;
    const change = { userId: account.id, wardIds, patientId, disabledAt: null, by };
    await this.users.applyRoles(tx, hospital.id, change, planRoles(memberships, roles));
  }

  /**
   * Only for an account nobody but this hospital knows: whoever holds the token chooses the password, and that password
   * must not open another hospital.
   */
  async #issueToken(
    tx: PublicTx,
    hospital: HospitalRef,
    account: Account,
    by: string,
  ): Promise<Pick<InvitationDto, 'invitationToken' | 'expiresAt'>> {
    const known =
      account.status !== 'invited' || (await this.invitations.isKnownElsewhere(tx, hospital.id, account.id));
    if (known) return { invitationToken: null, expiresAt: null };
    const now = new Date();
    const expiresAt = new Date(now.getTime() + invitationLifetimeMs);
    const token = newRefreshToken();
    const invitation = { tokenHash: hashRefreshToken(token), userId: account.id, by, now, expiresAt };
    await this.invitations.replace(tx, hospital.id, invitation);
    return { invitationToken: token, expiresAt: expiresAt.toISOString() };
  }
}
