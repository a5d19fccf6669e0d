import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { SessionRegistry } from '../../platform/access/session-registry.service.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { AuthRepository } from './auth.repository.js';
import { LoginThrottle } from './login-throttle.service.js';
import type { ChangePasswordDto } from './password.dto.js';
import { passwordError } from './password.errors.js';
import { PasswordHasher } from './password-hasher.service.js';
import { PasswordRepository } from './password.repository.js';
import { PasswordRules } from './password-rules.service.js';

@Injectable()
export class PasswordService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly users: PasswordRepository,
    private readonly accounts: AuthRepository,
    private readonly hasher: PasswordHasher,
    private readonly rules: PasswordRules,
    private readonly sessions: SessionRegistry,
    private readonly outbox: Outbox,
    private readonly throttle: LoginThrottle,
  ) {}

  /**
   * Replaces the actor's own password and ends all sessions but the present one.
   * @throws `password.current-wrong`, `auth.too-many-attempts`, any refusal of `PasswordRules`, or `service.busy`
   */
  async change(actor: Actor, { currentPassword, newPassword }: ChangePasswordDto): Promise<void> {
    const { userId } = actor;
    const { passwordHash, context } = await this.users.require(userId);
    // A session that was left open must not be a way to guess the password.
    const { ip } = actor.origin;
    const attempt = {
      purpose: 'password',
      userId,
      name: '',
      ip,
      deviceToken: undefined,
      guess: currentPassword,
      by: 'session',
    } as const;
    const verify = async () => (await this.hasher.verify(passwordHash, currentPassword)) || undefined;
    if (!(await this.throttle.attempt(attempt, verify)))
      throw passwordError('password.current-wrong', 'currentPassword');
    await this.rules.assertAcceptable(newPassword, context, 'newPassword');
    const to = await this.hasher.hash(newPassword);
    const ended = await this.unitOfWork.inPublic(actor, async (tx) => {
      const replaced = await this.users.replace(tx, { userId, from: passwordHash, to });
      if (!replaced) throw passwordError('password.current-wrong', 'currentPassword');
      await this.outbox.add(tx, eventBy(actor, 'password.changed', { userId }));
      const end = { reason: 'credentials_changed', now: new Date(), except: actor.sessionId } as const;
      return this.accounts.endSessions(tx, userId, end);
    });
    this.outbox.wakeRelay();
    for (const id of ended) this.sessions.forget(id);
  }
}
