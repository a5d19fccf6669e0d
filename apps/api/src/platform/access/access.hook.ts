import { AppError } from '@hms/contracts';
import type { FastifyInstance } from 'fastify';
import { accessError } from './access.errors.js';
import { EndedSession, type Authenticator } from './authenticator.service.js';
import { authorize } from './authorize.policy.js';
import { credentialOf } from './credential.js';
import { originOf } from './request-origin.js';
import type { SessionActivity } from './session-activity.service.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose session it was, when the token is genuine and its session is not alive. */
    endedSession?: EndedSession['claims'];
  }
}

/**
 * Decides before a body is read, on the route Fastify matched and never on the text of the URL. A route without a rule
 * is refused to everybody. A request is what keeps a session from being idle; an open socket or a renewed token is not.
 */
export function enforceAccess(fastify: FastifyInstance, authenticator: Authenticator, activity: SessionActivity): void {
  fastify.addHook('onRequest', async (request) => {
    if (request.is404) return;
    const rule = request.routeOptions.config.access;
    if (!rule) throw accessError('auth.forbidden');
    if (rule.kind === 'public') return;
    const credential = credentialOf(request.headers, request.routeOptions.config.cookieCredential);
    const { identity } = await authenticator.fromHeader(credential).catch((err: unknown) => {
      const cause = err instanceof AppError ? err.details.cause : undefined;
      if (cause instanceof EndedSession) request.endedSession = cause.claims;
      throw err;
    });
    activity.seen(identity.sessionId);
    // Before it is decided whether they may: whoever is refused is known to the audit.
    request.actor = { ...identity, origin: originOf(request) };
    authorize(identity, rule);
  });
}
