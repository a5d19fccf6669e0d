import { Injectable } from '@nestjs/common';
import { InvalidTokenError, permissionsIn } from '@hms/auth';
import { accessError } from './access.errors.js';
import type { Identity } from './actor.js';
import { SessionRegistry } from './session-registry.service.js';
import { VerifiedTokens } from './verified-tokens.service.js';

/** Whose session it was, when a genuine token names one that ended: the audit knows who knocked. */
export class EndedSession extends Error {
  constructor(readonly claims: { readonly userId: string; readonly sessionId: string; readonly hospitalId?: string }) {
    super('the session of a genuine token has ended');
  }
}

/** A verified caller and the moment (ms since the epoch) its token stops counting. */
export interface Authentication {
  readonly identity: Identity;
  readonly expiresAt: number;
}

@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: VerifiedTokens,
    private readonly sessions: SessionRegistry,
  ) {}

  /**
   * @throws `auth.unauthenticated` unless the header carries a valid token of a living session; `auth.session-idle` or
   * `auth.session-expired` when that is why it lives no more
   */
  async fromHeader(authorization: string | undefined): Promise<Authentication> {
    const token = /^Bearer ([\w.-]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw accessError('auth.unauthenticated');
    return this.fromToken(token);
  }

  /** @throws as {@link fromHeader} */
  async fromToken(token: string): Promise<Authentication> {
    const claims = await this.tokens.claimsOf(token).catch((err: unknown) => {
      if (err instanceof InvalidTokenError) throw accessError('auth.unauthenticated', { cause: err });
      throw err;
    });
    const state = await this.sessions.find(claims.sessionId);
    if (state && 'timeout' in state) {
      throw accessError(`auth.session-${state.timeout}`, { cause: new EndedSession(claims) });
    }
    if (state?.userId !== claims.userId || state.hospital?.id !== claims.hospitalId) {
      throw accessError('auth.unauthenticated', { cause: new EndedSession(claims) });
    }
    const identity: Identity = { ...state, sessionId: claims.sessionId, permissions: permissionsIn(state) };
    return { identity, expiresAt: claims.expiresAt * 1_000 };
  }
}
