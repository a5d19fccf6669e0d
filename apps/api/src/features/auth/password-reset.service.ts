import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { hashOpaqueToken } from '../../platform/access/opaque-token.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { SessionRegistry } from '../../platform/access/session-registry.service.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { AuthRepository } from './auth.repository.js';
import { KnownDevicesRepository } from './known-devices.repository.js';
import { LoginThrottle } from './login-throttle.service.js';
import { MfaRepository } from './mfa.repository.js';
import type { ForgotPasswordDto, ResetPasswordDto } from './password.dto.js';
import { passwordError } from './password.errors.js';
import { PasswordHasher } from './password-hasher.service.js';
import { PasswordRepository } from './password.repository.js';
import { PasswordResetRepository } from './password-reset.repository.js';
import { PasswordRules } from './password-rules.service.js';

const lifetimeMs = 30 * 60_000;
/** Whoever controls the mailbox must not thereby get ever more guesses at the second factor. */
const mfaCounterBeginsAnewAfterMs = 24 * 3_600_000;

@Injectable()
export class PasswordReset {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly requests: PasswordResetRepository,
    private readonly users: PasswordRepository,
    private readonly accounts: AuthRepository,
    private readonly factors: MfaRepository,
    private readonly devices: KnownDevicesRepository,
    private readonly hasher: PasswordHasher,
    private readonly rules: PasswordRules,
    private readonly sessions: SessionRegistry,
    private readonly outbox: Outbox,
    private readonly throttle: LoginThrottle,
    private readonly audit: AuditTrail,
  ) {}

  /** Does the same for every address: whether anybody has it, only the worker finds out. */
  async request({ email }: ForgotPasswordDto): Promise<void> {
    const id = uuidv7();
    await this.database.inPublic(async (tx) => {
      await this.requests.add(tx, { id, email, expiresAt: new Date(Date.now() + lifetimeMs) });
      const event = { type: 'password-reset.requested', payload: { id }, hospitalId: null, actorId: null } as const;
      await this.outbox.add(tx, event);
    });
    this.outbox.wakeRelay();
  }

  /**
   * Sets a new password, opens the locks of the account, forgets the devices on which it was used and ends every session
   * of the user. A second factor stays, and is asked for at the next login.
   * @throws `password.reset-invalid`, any refusal of `PasswordRules`, or `service.busy`
   */
  async complete({ token, password }: ResetPasswordDto, origin: RequestOrigin): Promise<void> {
    const now = new Date();
    const request = await this.requests.findLiving(hashOpaqueToken(token), now);
    if (!request) throw passwordError('password.reset-invalid', 'token');
    const { id, userId, context } = request;
    await this.rules.assertAcceptable(password, context);
    const to = await this.hasher.hash(password);
    const recently = new Date(now.getTime() - mfaCounterBeginsAnewAfterMs);
    const { ended, isRepeated } = await this.database.inPublic(async (tx) => {
      const isRepeated = await this.requests.wasUsedSince(tx, userId, recently);
      const spent = await this.requests.spend(tx, id, userId, now);
      const replaced = spent && (await this.users.replace(tx, { userId, from: null, to }));
      if (!replaced) throw passwordError('password.reset-invalid', 'token');
      await this.factors.endChallenges(tx, userId);
      await this.outbox.add(tx, { type: 'password.changed', payload: { userId }, hospitalId: null, actorId: userId });
      const entry = { action: 'update', entity: 'password', entityIds: [userId], reason: 'password.reset' } as const;
      await this.audit.append(tx, entry, { userId }, origin);
      await this.devices.forgetAll(tx, userId);
      return { ended: await this.accounts.endSessions(tx, userId, { reason: 'credentials_changed', now }), isRepeated };
    });
    this.outbox.wakeRelay();
    await this.throttle.reset(userId, 'password');
    if (!isRepeated) await this.throttle.reset(userId, 'mfa');
    for (const session of ended) this.sessions.forget(session);
  }
}
