import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import type { Actor } from '../../platform/access/actor.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { authError } from './auth.errors.js';
import type { LoginDto, LoginResultDto } from './auth.dto.js';
import { AuthRepository } from './auth.repository.js';
import { MfaChallenges } from './mfa-challenge.service.js';
import { KnownDevices } from './known-devices.service.js';
import { LoginThrottle } from './login-throttle.service.js';
import { PasswordHasher } from './password-hasher.service.js';
import { PasswordRepository } from './password.repository.js';
import { SessionIssuer } from './session-issuer.service.js';
import { chooseHospital, isRefusal } from './sign-in.policy.js';

@Injectable()
export class SignInService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly users: AuthRepository,
    private readonly stored: PasswordRepository,
    private readonly passwords: PasswordHasher,
    private readonly challenges: MfaChallenges,
    private readonly issuer: SessionIssuer,
    private readonly throttle: LoginThrottle,
    private readonly devices: KnownDevices,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @throws `auth.invalid-credentials`, `auth.too-many-attempts`, `auth.hospital-required`, `auth.not-a-member`,
   * `auth.mfa-required`, `auth.sign-in-outdated`, `rate.limited` or `service.busy`
   */
  async login(credentials: LoginDto, origin: RequestOrigin): Promise<LoginResultDto> {
    try {
      return await this.#login(credentials, origin);
    } catch (err) {
      if (isRefusal(err)) await this.#recordFailure(credentials, err.code, origin);
      throw err;
    }
  }

  async #login(credentials: LoginDto, origin: RequestOrigin): Promise<LoginResultDto> {
    const user = await this.#prove(credentials, origin);
    if (!user) throw authError('auth.invalid-credentials');
    await this.#renewHash(user, credentials.password);
    const where = chooseHospital(user, credentials.hospital);
    const result = await this.challenges.admit(where, { factor: 'pwd', kind: credentials.client ?? 'web', origin });
    return { ...result, deviceToken: await this.devices.remember(user.id, credentials.deviceToken) };
  }

  async #prove({ email, password, deviceToken }: LoginDto, { ip }: RequestOrigin) {
    const user = await this.users.findByEmail(email);
    const who = { userId: user?.id, name: email, ip, deviceToken } as const;
    const attempt = { ...who, guess: password, purpose: 'password', by: 'signing-in' } as const;
    return this.throttle.attempt(attempt, async () => {
      const matches = await this.passwords.verify(user?.passwordHash ?? null, password);
      return user && matches && user.status === 'active' ? user : undefined;
    });
  }

  /** The one moment at which the password is known: its hash follows the parameters of today. */
  async #renewHash({ id, passwordHash }: { id: string; passwordHash: string | null }, password: string): Promise<void> {
    if (passwordHash === null || !this.passwords.isOutdated(passwordHash)) return;
    const to = await this.passwords.hash(password);
    await this.database.inPublic((tx) => this.stored.replace(tx, { userId: id, from: passwordHash, to }));
  }

  /** Who it was is not proved, so the row names what was typed, by a pseudonym, and lies with the platform. */
  async #recordFailure({ email }: LoginDto, reason: string, origin: RequestOrigin): Promise<void> {
    const entityIds = [this.audit.pseudonym(email.toLowerCase())];
    await this.audit.record({ action: 'login', entity: 'account', entityIds, outcome: 'failed', reason }, {}, origin);
  }

  /**
   * Ends the present session and opens one in the other hospital, of the same kind and ending no later.
   * @throws `auth.not-a-member`, `auth.device-refused`, `auth.password-required` or `auth.sign-in-outdated`
   */
  async switchHospital(actor: Actor, slug: string): Promise<LoginResultDto> {
    return this.issuer.move(actor, chooseHospital(await this.users.requireActive(actor.userId), slug));
  }
}
