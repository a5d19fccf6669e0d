import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import type { Actor } from '../../platform/access/actor.js';
import { hashOpaqueToken, newOpaqueToken } from '../../platform/access/opaque-token.js';
import { SessionRegistry } from '../../platform/access/session-registry.service.js';
import { ApiConfig } from '../../platform/config/api-config.js';
import { accessTokenLifetime, AccessTokenIssuer } from './access-token.issuer.js';
import { authError } from './auth.errors.js';
import type { AcceptInvitationDto, LoginDto, LoginResultDto, MeDto, TokensDto } from './auth.dto.js';
import { AuthRepository } from './auth.repository.js';
import { PasswordHasher } from './password-hasher.service.js';
import { judge, successorOf } from './refresh-token.js';
import { chooseHospital, hospitalsOf, signIn, type SignIn, type UserWithMemberships } from './sign-in.policy.js';

type Rotation =
  | {
      readonly outcome: 'renewed';
      readonly token: string;
      readonly sessionId: string;
      readonly userId: string;
      readonly hospitalId: string | null;
    }
  | { readonly outcome: 'invalid' }
  | { readonly outcome: 'reused'; readonly sessionId: string };

@Injectable()
export class AuthService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly users: AuthRepository,
    private readonly passwords: PasswordHasher,
    private readonly issuer: AccessTokenIssuer,
    private readonly sessions: SessionRegistry,
    private readonly config: ApiConfig,
  ) {}

  /** @throws `auth.invalid-credentials`, `auth.hospital-required`, `auth.not-a-member` or `service.busy` */
  async login(credentials: LoginDto, userAgent: string | undefined): Promise<LoginResultDto> {
    const user = await this.users.findByEmail(credentials.email);
    const matches = await this.passwords.verify(user?.passwordHash ?? null, credentials.password);
    if (!user || !matches || user.status !== 'active') throw authError('auth.invalid-credentials');
    return this.#open(chooseHospital(user, credentials.hospital), userAgent);
  }

  /** @throws `auth.refresh-invalid` or `auth.refresh-reused` */
  async refresh(presented: string): Promise<TokensDto> {
    const now = new Date();
    const rotation = await this.database.inPublic((tx) => this.#rotate(tx, presented, now));
    if (rotation.outcome === 'invalid') throw authError('auth.refresh-invalid');
    if (rotation.outcome === 'reused') {
      this.sessions.forget(rotation.sessionId);
      throw authError('auth.refresh-reused');
    }
    const user = await this.#activeUser(rotation.userId);
    const hospital = hospitalsOf(user).find((h) => h.id === rotation.hospitalId) ?? null;
    if (hospital === null && user.platformRole !== 'super_admin') throw authError('auth.refresh-invalid');
    return this.#tokens(signIn(user, hospital), rotation.sessionId, rotation.token, now);
  }

  async logout(actor: Actor): Promise<void> {
    await this.database.inPublic((tx) => this.users.revokeSession(tx, actor.sessionId, 'logout', new Date()));
    this.sessions.forget(actor.sessionId);
  }

  async logoutAll(actor: Actor): Promise<void> {
    const ended = await this.database.inPublic((tx) => this.users.revokeSessionsOf(tx, actor.userId, new Date()));
    for (const id of ended) this.sessions.forget(id);
  }

  async me(actor: Actor): Promise<MeDto> {
    const user = await this.#activeUser(actor.userId);
    const hospitals = hospitalsOf(user);
    const here = hospitals.find((h) => h.id === actor.hospital?.id) ?? null;
    return {
      ...signIn(user, here),
      permissions: [...actor.permissions],
      wardIds: actor.wardIds ? [...actor.wardIds] : null,
      hospitals,
    };
  }

  /** Ends the present session and opens one in the other hospital. @throws `auth.not-a-member` */
  async switchHospital(actor: Actor, slug: string, userAgent: string | undefined): Promise<LoginResultDto> {
    const user = await this.#activeUser(actor.userId);
    return this.#open(chooseHospital(user, slug), userAgent, actor.sessionId);
  }

  /**
   * Joins the hospital of an invitation. A new account gets the password; an existing one must prove it is its own, so
   * that whoever holds the token of one hospital can never enter another.
   * @throws `auth.invitation-invalid`, `auth.invalid-credentials` or `service.busy`
   */
  async acceptInvitation({ token, password }: AcceptInvitationDto): Promise<void> {
    const tokenHash = hashOpaqueToken(token);
    const invitation = await this.users.findInvitation(tokenHash, new Date());
    if (!invitation) throw authError('auth.invitation-invalid');
    const { status, passwordHash } = invitation.user;
    const isNew = status === 'invited';
    if (!isNew && !(await this.passwords.verify(passwordHash, password))) throw authError('auth.invalid-credentials');
    const newHash = isNew ? await this.passwords.hash(password) : null;
    await this.database.inPublic(async (tx) => {
      const accepted = await this.users.acceptInvitation(tx, { tokenHash, newHash, now: new Date() });
      if (!accepted) throw authError('auth.invitation-invalid');
    });
  }

  async #rotate(tx: Parameters<AuthRepository['addToken']>[0], presented: string, now: Date): Promise<Rotation> {
    const hash = hashOpaqueToken(presented);
    const token = await this.users.lockSessionOfToken(tx, hash);
    if (!token || token.session.revokedAt !== null || token.session.expiresAt <= now) return { outcome: 'invalid' };
    const { id: sessionId, userId, hospitalId } = token.session;
    const successor = successorOf(presented, this.config.refreshSecret);
    const successorHash = hashOpaqueToken(successor);
    const successorRotated = token.rotatedAt !== null && (await this.users.isRotated(tx, successorHash));
    switch (judge({ rotatedAt: token.rotatedAt, successorRotated }, now)) {
      case 'rotate':
        await this.users.rotate(tx, hash, successorHash, now);
        break;
      case 'repeat':
        break;
      case 'reuse':
        await this.users.revokeSession(tx, sessionId, 'token_reuse', now);
        return { outcome: 'reused', sessionId };
    }
    return { outcome: 'renewed', token: successor, sessionId, userId, hospitalId };
  }

  async #open(where: SignIn, userAgent: string | undefined, replaces?: string): Promise<LoginResultDto> {
    const now = new Date();
    const refreshToken = newOpaqueToken();
    const session = {
      userId: where.user.id,
      hospitalId: where.hospital?.id ?? null,
      tokenHash: hashOpaqueToken(refreshToken),
      userAgent,
      now,
    };
    const sessionId = await this.database.inPublic(async (tx) => {
      if (replaces !== undefined) await this.users.revokeSession(tx, replaces, 'switched', now);
      return this.users.createSession(tx, session);
    });
    if (replaces !== undefined) this.sessions.forget(replaces);
    return { ...(await this.#tokens(where, sessionId, refreshToken, now)), ...where };
  }

  async #tokens({ user, hospital }: SignIn, sessionId: string, refreshToken: string, now: Date): Promise<TokensDto> {
    const subject = { userId: user.id, sessionId, hospitalId: hospital?.id ?? null, roles: user.roles };
    return { accessToken: await this.issuer.issue(subject, now), refreshToken, expiresIn: accessTokenLifetime };
  }

  async #activeUser(id: string): Promise<UserWithMemberships> {
    const user = await this.users.findById(id);
    if (user?.status !== 'active') throw authError('auth.refresh-invalid');
    return user;
  }
}
