import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import { hashOpaqueToken } from '../../platform/access/opaque-token.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { authError } from './auth.errors.js';
import type { AcceptInvitationDto } from './auth.dto.js';
import {
  InvitationAcceptanceRepository,
  type Acceptance,
  type InvitedUser,
} from './invitation-acceptance.repository.js';
import { LoginThrottle } from './login-throttle.service.js';
import { PasswordHasher } from './password-hasher.service.js';
import { toContext } from './password.repository.js';
import { PasswordRules } from './password-rules.service.js';

@Injectable()
export class InvitationAcceptance {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly invitations: InvitationAcceptanceRepository,
    private readonly passwords: PasswordHasher,
    private readonly rules: PasswordRules,
    private readonly outbox: Outbox,
    private readonly throttle: LoginThrottle,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Joins the hospital of an invitation, whose token came by mail alone. An account without a password gets this one, a
   * new one and one that is signed in to elsewhere alike; any other proves with its own that it is itself.
   * @throws `auth.invitation-invalid`, `auth.invalid-credentials`, `auth.too-many-attempts`, any refusal of
   * `PasswordRules`, or `service.busy`
   */
  async accept({ token, password }: AcceptInvitationDto, origin: RequestOrigin): Promise<void> {
    const found = await this.invitations.findByToken(hashOpaqueToken(token), new Date());
    if (!found) throw authError('auth.invitation-invalid');
    const { invitation, user } = found;
    const newHash = await this.#passwordFor(user, password, origin);
    await this.database.inPublic(async (tx) => {
      const acceptance = { invitation, presentHash: user.passwordHash, newHash, now: new Date() };
      if (!(await this.join(tx, acceptance, origin))) throw authError('auth.invitation-invalid');
      const isNotice = newHash !== null && user.status === 'active';
      const changed = { type: 'password.changed', payload: { userId: user.id } } as const;
      if (isNotice) await this.outbox.add(tx, { ...changed, hospitalId: null, actorId: user.id });
    });
    this.outbox.wakeRelay();
  }

  /** False when it came too late; the transaction must then be given up. */
  async join(tx: PublicTx, acceptance: Acceptance, origin: RequestOrigin): Promise<boolean> {
    const { userId, hospitalId } = acceptance.invitation;
    if (!(await this.invitations.accept(tx, acceptance))) return false;
    await this.outbox.add(tx, { type: 'membership.accepted', payload: { userId }, hospitalId, actorId: userId });
    const entry = { action: 'update', entity: 'membership', entityIds: [userId] } as const;
    await this.audit.append(tx, entry, { hospitalId, userId }, origin);
    return true;
  }

  /** The hash of what becomes the password; null when the account has one, and this was it. */
  async #passwordFor(user: InvitedUser, password: string, origin: RequestOrigin): Promise<string | null> {
    if (user.passwordHash === null) {
      await this.rules.assertAcceptable(password, toContext(user));
      return this.passwords.hash(password);
    }
    if (!(await this.#isOwn(user.id, user.passwordHash, password, origin))) throw authError('auth.invalid-credentials');
    return null;
  }

  /** Counts like a login: who can invite an account must not be able to guess at its password. */
  async #isOwn(userId: string, passwordHash: string, password: string, { ip }: RequestOrigin): Promise<boolean> {
    const who = { userId, name: '', ip, deviceToken: undefined, by: 'mailed-token' } as const;
    const attempt = { ...who, purpose: 'password', guess: password } as const;
    const proof = await this.throttle.attempt(
      attempt,
      async () => (await this.passwords.verify(passwordHash, password)) || undefined,
    );
    return proof === true;
  }
}
