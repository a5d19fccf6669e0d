import { Injectable } from '@nestjs/common';
import { absoluteEnd, accessTokenLifetimeSeconds, rolesProvenBy, type SessionKind, suits } from '@hms/auth';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import { accessError } from '../../platform/access/access.errors.js';
import type { Actor } from '../../platform/access/actor.js';
import { hashOpaqueToken, newOpaqueToken } from '../../platform/access/opaque-token.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { SessionRegistry } from '../../platform/access/session-registry.service.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { AccessTokenIssuer, type TokenSubject } from './access-token.issuer.js';
import { authError } from './auth.errors.js';
import type { LoginResultDto, TokensDto } from './auth.dto.js';
import { AuthRepository, type NewSession } from './auth.repository.js';
import type { SessionProof } from './session-proof.js';
import type { SignIn } from './sign-in.policy.js';

/** How and where a session is opened. */
export interface SessionOpening {
  readonly kind: SessionKind;
  readonly origin: RequestOrigin;
  readonly proof: SessionProof;
}

interface Beginning {
  readonly now: Date;
  readonly origin: RequestOrigin;
}

type SessionMaker = (
  tx: PublicTx,
  session: Omit<NewSession, 'kind' | 'expiresAt' | 'origin' | 'proof'>,
) => Promise<string>;

/** Opens sessions for whoever proved who they are, and makes their tokens. */
@Injectable()
export class SessionIssuer {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly users: AuthRepository,
    private readonly issuer: AccessTokenIssuer,
    private readonly sessions: SessionRegistry,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws `auth.sign-in-outdated` */
  open(where: SignIn, { kind, origin, proof }: SessionOpening): Promise<LoginResultDto> {
    const now = new Date();
    const expiresAt = absoluteEnd(kind, now);
    return this.#begin(where, { now, origin }, (tx, session) =>
      this.users.createSession(tx, { ...session, kind, expiresAt, origin, proof }),
    );
  }

  /**
   * Ends the present session and opens one elsewhere, of the same kind and proof and ending no later.
   * @throws `auth.sign-in-outdated`, `auth.device-refused` or `auth.password-required`
   */
  async move(actor: Actor, where: SignIn): Promise<LoginResultDto> {
    const now = new Date();
    const result = await this.#begin(where, { now, origin: actor.origin }, async (tx, session) => {
      const ended = await this.users.endForSwitch(tx, actor.sessionId, now);
      if (!ended) throw accessError('auth.unauthenticated');
      const { roles } = where.user;
      if (!suits(ended.kind, roles)) throw authError('auth.device-refused');
      if (rolesProvenBy(ended.proof.amr, roles).length < roles.length) throw authError('auth.password-required');
      return this.users.createSession(tx, { ...session, ...ended, origin: actor.origin });
    });
    this.sessions.forget(actor.sessionId);
    return result;
  }

  async tokens(subject: TokenSubject, refreshToken: string, now: Date): Promise<TokensDto> {
    return { accessToken: await this.issuer.issue(subject, now), refreshToken, expiresIn: accessTokenLifetimeSeconds };
  }

  async #begin(where: SignIn, { now, origin }: Beginning, create: SessionMaker): Promise<LoginResultDto> {
    const refreshToken = newOpaqueToken();
    const session = {
      userId: where.user.id,
      epoch: where.epoch,
      hospitalId: where.hospital?.id ?? null,
      tokenHash: hashOpaqueToken(refreshToken),
      now,
    };
    const sessionId = await this.database.inPublic(async (tx) => {
      await this.users.beginSession(tx, session);
      const id = await create(tx, session);
      const party = { hospitalId: where.hospital?.id, userId: where.user.id, roles: where.user.roles, sessionId: id };
      await this.audit.append(tx, { action: 'login', entity: 'session', entityIds: [id] }, party, origin);
      return id;
    });
    const { user, hospital } = where;
    const subject = { userId: user.id, sessionId, hospitalId: session.hospitalId, roles: user.roles };
    return { ...(await this.tokens(subject, refreshToken, now)), user, hospital };
  }
}
