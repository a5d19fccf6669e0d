import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import { accessError } from '../../platform/access/access.errors.js';
import type { Actor } from '../../platform/access/actor.js';
import { hashOpaqueToken } from '../../platform/access/opaque-token.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { lacksSecondFactor, renewalIsUse, type SessionTimeout } from '@hms/auth';
import { SessionRegistry } from '../../platform/access/session-registry.service.js';
import { SessionRepository } from '../../platform/access/session.repository.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { ApiConfig } from '../../platform/config/api-config.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { TokenSubject } from './access-token.issuer.js';
import { authError } from './auth.errors.js';
import type { MeDto, TokensDto } from './auth.dto.js';
import { AuthRepository } from './auth.repository.js';
import { MfaRepository } from './mfa.repository.js';
import { judge, successorOf } from './refresh-token.js';
import { SessionIssuer } from './session-issuer.service.js';
import { hospitalsOf, signIn } from './sign-in.policy.js';

interface Reuse {
  readonly outcome: 'reused';
  readonly sessionId: string;
  readonly userId: string;
  readonly hospitalId: string | null;
}

type Rotation =
  | { readonly outcome: 'renewed'; readonly token: string; readonly subject: TokenSubject }
  | { readonly outcome: 'invalid' }
  | { readonly outcome: SessionTimeout }
  | Reuse;

/** What somebody does with the session they have: look, renew, end. */
@Injectable()
export class OwnSessionService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly users: AuthRepository,
    private readonly factors: MfaRepository,
    private readonly issuer: SessionIssuer,
    private readonly sessions: SessionRegistry,
    private readonly standings: SessionRepository,
    private readonly config: ApiConfig,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * New tokens for a session that requests may use, and for no other.
   * @throws `auth.refresh-invalid`, `auth.refresh-reused`, `auth.session-idle` or `auth.session-expired`
   */
  async refresh(presented: string, origin: RequestOrigin): Promise<TokensDto> {
    const now = new Date();
    const rotation = await this.database.inPublic(async (tx) => {
      const outcome = await this.#rotate(tx, presented, now);
      if (outcome.outcome === 'reused') await this.#recordReuse(tx, outcome, origin);
      return outcome;
    });
    if (rotation.outcome !== 'renewed') throw this.#refusal(rotation);
    return this.issuer.tokens(rotation.subject, rotation.token, now);
  }

  async logout(actor: Actor): Promise<void> {
    await this.unitOfWork.inPublic(actor, (tx) => this.users.revokeSession(tx, actor.sessionId, 'logout', new Date()));
    this.sessions.forget(actor.sessionId);
  }

  async logoutAll(actor: Actor): Promise<void> {
    const ended = await this.unitOfWork.inPublic(actor, (tx) =>
      this.users.endSessions(tx, actor.userId, { reason: 'logout_all', now: new Date() }),
    );
    for (const id of ended) this.sessions.forget(id);
  }

  async me(actor: Actor): Promise<MeDto> {
    const user = await this.users.requireActive(actor.userId);
    const enrolled = await this.factors.isEnrolled(actor.userId);
    const hospitals = hospitalsOf(user);
    const here = hospitals.find((h) => h.id === actor.hospital?.id) ?? null;
    const { user: summary, hospital } = signIn(user, here);
    return {
      user: summary,
      hospital,
      permissions: [...actor.permissions],
      wardIds: actor.wardIds ? [...actor.wardIds] : null,
      secondFactor: { enrolled, verified: actor.mfaAt !== undefined },
      mfaEnrolmentRequired: !enrolled && lacksSecondFactor(actor),
      hospitals,
    };
  }

  async #rotate(tx: PublicTx, presented: string, now: Date): Promise<Rotation> {
    const hash = hashOpaqueToken(presented);
    const token = await this.users.lockSessionOfToken(tx, hash);
    if (!token || token.session.revokedAt !== null) return { outcome: 'invalid' };
    const { id: sessionId, userId, hospitalId, kind } = token.session;
    const standing = await this.standings.findStanding(sessionId, now, tx);
    if (!standing) return { outcome: 'invalid' };
    if ('timeout' in standing) return { outcome: standing.timeout };
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
        return { outcome: 'reused', sessionId, userId, hospitalId };
    }
    return { outcome: 'renewed', token: successor, subject: { userId, sessionId, hospitalId, roles: standing.roles } };
  }

  /** A stolen token, or a client that mixed them up: the session has ended, and whoever asked was given nothing. */
  #recordReuse(tx: PublicTx, { sessionId, userId, hospitalId }: Reuse, origin: RequestOrigin): Promise<void> {
    const entry = { action: 'delete', entity: 'session', entityIds: [sessionId] } as const;
    const party = { hospitalId: hospitalId ?? undefined, userId, sessionId };
    return this.audit.append(tx, { ...entry, outcome: 'denied', reason: 'auth.refresh-reused' }, party, origin);
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
}
