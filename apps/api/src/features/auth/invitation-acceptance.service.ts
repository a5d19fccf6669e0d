import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { hashOpaqueToken } from '../../platform/access/opaque-token.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { authError } from './auth.errors.js';
import type { AcceptInvitationDto } from './auth.dto.js';
import { AuthRepository } from './auth.repository.js';
import { LoginThrottle } from './login-throttle.service.js';
import { PasswordHasher } from './password-hasher.service.js';
import { toContext } from './password.repository.js';
import { PasswordRules } from './password-rules.service.js';

@Injectable()
export class InvitationAcceptance {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly users: AuthRepository,
    private readonly passwords: PasswordHasher,
    private readonly rules: PasswordRules,
    private readonly outbox: Outbox,
    private readonly throttle: LoginThrottle,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Joins the hospital of an invitation. A new account gets the password; an existing one must prove it is its own, so
   * that whoever holds the token of one hospital can never enter another.
   * @throws `auth.invitation-invalid`, `auth.invalid-credentials`, `auth.too-many-attempts` or `service.busy`
   */
  async accept({ token, password }: AcceptInvitationDto, origin: RequestOrigin): Promise<void> {
    const tokenHash = hashOpaqueToken(token);
    const invitation = await this.users.findInvitation(tokenHash, new Date());
    if (!invitation) throw authError('auth.invitation-invalid');
    const { user } = invitation;
    const isNew = user.status === 'invited';
    if (!isNew && !(await this.#isOwn(user, password, origin))) throw authError('auth.invalid-credentials');
    if (isNew) await this.rules.assertAcceptable(password, toContext(user));
    const newHash = isNew ? await this.passwords.hash(password) : null;
    await this.database.inPublic(async (tx) => {
      const accepted = await this.users.acceptInvitation(tx, { tokenHash, newHash, now: new Date() });
      if (!accepted) throw authError('auth.invitation-invalid');
      const { userId, hospitalId } = accepted;
      await this.outbox.add(tx, { type: 'membership.accepted', payload: { userId }, hospitalId, actorId: userId });
      const entry = { action: 'update', entity: 'membership', entityIds: [userId] } as const;
      await this.audit.append(tx, entry, { hospitalId, userId }, origin);
    });
  }

  /** Counts like a login: who can invite an account must not be able to guess at its password. */
  async #isOwn(
    { id, passwordHash }: { id: string; passwordHash: string | null },
    password: string,
    { ip }: RequestOrigin,
  ): Promise<boolean> {
    const attempt = { purpose: 'password', userId: id, name: '', ip, deviceToken: undefined, guess: password } as const;
    const proof = await this.throttle.attempt(
      attempt,
      async () => (await this.passwords.verify(passwordHash, password)) || undefined,
    );
    return proof === true;
  }
}
