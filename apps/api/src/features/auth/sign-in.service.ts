import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { authError } from './auth.errors.js';
import type { LoginDto, LoginResultDto } from './auth.dto.js';
import { AuthRepository } from './auth.repository.js';
import { PasswordHasher } from './password-hasher.service.js';
import { SessionIssuer } from './session-issuer.service.js';
import { chooseHospital } from './sign-in.policy.js';

@Injectable()
export class SignInService {
  constructor(
    private readonly users: AuthRepository,
    private readonly passwords: PasswordHasher,
    private readonly issuer: SessionIssuer,
  ) {}

  /** @throws `auth.invalid-credentials`, `auth.hospital-required`, `auth.not-a-member` or `service.busy` */
  async login(credentials: LoginDto, origin: RequestOrigin): Promise<LoginResultDto> {
    const user = await this.users.findByEmail(credentials.email);
    const matches = await this.passwords.verify(user?.passwordHash ?? null, credentials.password);
    if (!user || !matches || user.status !== 'active') throw authError('auth.invalid-credentials');
    const where = chooseHospital(user, credentials.hospital);
    return this.issuer.open(where, { kind: credentials.client ?? 'web', origin });
  }

  /**
   * Ends the present session and opens one in the other hospital, of the same kind and ending no later.
   * @throws `auth.not-a-member`
   */
  async switchHospital(actor: Actor, slug: string): Promise<LoginResultDto> {
    return this.issuer.move(actor, chooseHospital(await this.users.requireActive(actor.userId), slug));
  }
}
