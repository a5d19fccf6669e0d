import { Injectable } from '@nestjs/common';
import { accessTokenLifetimeSeconds } from '@hms/auth';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import { accessError } from '../../platform/access/access.errors.js';
import type { Actor } from '../../platform/access/actor.js';
import { hashOpaqueToken, newOpaqueToken } from '../../platform/access/opaque-token.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import {
  absoluteEnd,
  renewalIsUse,
  timeoutOf,
  type SessionKind,
  type SessionTimeout,
} from '../../platform/access/session-limits.policy.js';
import { SessionRegistry } from '../../platform/access/session-registry.service.js';
import { ApiConfig } from '../../platform/config/api-config.js';
import { AccessTokenIssuer } from './access-token.issuer.js';
import { authError } from './auth.errors.js';
import type { AcceptInvitationDto, LoginDto, LoginResultDto, MeDto, TokensDto } from './auth.dto.js';
import { AuthRepository, type NewSession } from './auth.repository.js';
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
  | { readonly outcome: SessionTimeout }
  | { readonly outcome: 'reused'; readonly sessionId: string };

type SessionMaker = (tx: PublicTx, session: Omit<NewSession, 'kind' | 'expiresAt' | 'origin'>) => Promise<string>;

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
  async login(credentials: LoginDto, origin: RequestOrigin): Promise<LoginResultDto> {
    const user = await this.users.findByEmail(credentials.email);
    const matches = await this.passwords.verify(user?.passwordHash ?? null, credentials.password);
    if (!user || !matches || user.status !== 'active') throw authError('auth.invalid-credentials');
    return this.#open(chooseHospital(user, credentials.hospital), credentials.client ?? 'web', origin);
  }

  /** @throws `auth.refresh-invalid`, `auth.refresh-reused`, `auth.session-idle` or `auth.session-expired` */
  async refresh(presented: string): Promise<TokensDto> {
    const now = new Date();
    const rotation = await this.database.inPublic((tx) => this.#rotate(tx, presented, now));
    if (rotation.outcome !== 'renewed') throw this.#refusal(rotation);
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

  /**
   * Ends the present session and opens one in the other hospital, of the same kind and ending no later.
   * @throws `auth.not-a-member`
   */
  async switchHospital(actor: Actor, slug: string): Promise<LoginResultDto> {
    const where = chooseHospital(await this.#activeUser(actor.userId), slug);
    const now = new Date();
    const result = await this.#begin(where, now, async (tx, session) => {
      const ended = await this.users.endForSwitch(tx, actor.sessionId, now);
      if (!ended) throw accessError('auth.unauthenticated');
      return this.users.createSession(tx, { ...session, ...ended, origin: actor.origin });
    });
    this.sessions.forget(actor.sessionId);
    return result;
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

  async #rotate(tx: PublicTx, presented: string, now: Date): Promise<Rotation> {
    const hash = hashOpaqueToken(presented);
    const token = await this.users.lockSessionOfToken(tx, hash);
    if (!token || token.session.revokedAt !== null) return { outcome: 'invalid' };
    const { id: sessionId, userId, hospitalId, kind } = token.session;
    const timeout = timeoutOf(token.session, now);
    if (timeout !== undefined) return { outcome: timeout };
    const successor = successorOf(presented, this.config.refreshSecret);
    const successorHash = hashOpaqueToken(successor);
    const successorRotated = token.rotatedAt !== null && (await this.users.isRotated(tx, successorHash));
    switch (judge({ rotatedAt: token.rotatedAt, successorRotated }, now)) {
      case 'rotate':
        await this.users.rotate(tx, hash, successorHash, now);
        if (renewalIsUse(kind)) await this.users.touchSession(tx, sessionId, now);
        break;
      case 'repeat':
        break;
      case 'reuse':
        await this.users.revokeSession(tx, sessionId, 'token_reuse', now);
        return { outcome: 'reused', sessionId };
    }
    return { outcome: 'renewed', token: successor, sessionId, userId, hospitalId };
  }

  #refusal(rotation: Exclude<Rotation, { outcome: 'renewed' }>): Error {
    switch (rotation.outcome) {
      case 'invalid':
        return authError('auth.refresh-invalid');
      case 'reused':
        this.sessions.forget(rotation.sessionId);
        return authError('auth.refresh-reused');
      case 'idle':
      case 'expired':
        return accessError(`auth.session-${rotation.outcome}`);
    }
  }

  #open(where: SignIn, kind: SessionKind, origin: RequestOrigin): Promise<LoginResultDto> {
    const now = new Date();
    const expiresAt = absoluteEnd(kind, now);
    return this.#begin(where, now, (tx, session) =>
      this.users.createSession(tx, { ...session, kind, expiresAt, origin }),
    );
  }

  async #begin(where: SignIn, now: Date, create: SessionMaker): Promise<LoginResultDto> {
    const refreshToken = newOpaqueToken();
    const session = {
      userId: where.user.id,
      hospitalId: where.hospital?.id ?? null,
      tokenHash: hashOpaqueToken(refreshToken),
      now,
    };
    const sessionId = await this.database.inPublic((tx) => create(tx, session));
    return { ...(await this.#tokens(where, sessionId, refreshToken, now)), ...where };
  }

  async #tokens({ user, hospital }: SignIn, sessionId: string, refreshToken: string, now: Date): Promise<TokensDto> {
    const subject = { userId: user.id, sessionId, hospitalId: hospital?.id ?? null, roles: user.roles };
    return { accessToken: await this.issuer.issue(subject, now), refreshToken, expiresIn: accessTokenLifetimeSeconds };
  }

  async #activeUser(id: string): Promise<UserWithMemberships> {
    const user = await this.users.findById(id);
    if (user?.status !== 'active') throw authError('auth.refresh-invalid');
    return user;
  }
}
