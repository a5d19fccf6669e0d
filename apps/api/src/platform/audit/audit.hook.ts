import type { AuditAction } from '@hms/audit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { originOf } from '../access/request-origin.js';
import { partyOf, type AuditEntry, type AuditParty } from './audit-entry.js';
import type { Answer, AuditDeclaration } from './audit-rule.js';
import { entityIdsOf, patientIdsOf, shownBy } from './audit-subjects.js';
import type { AuditTrail } from './audit-trail.service.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Body of the answer, before it is serialised. */
    answer?: unknown;
    /** The answer's row is written, or could not be: the refusal that then follows needs none. */
    audited?: boolean;
  }
}

/**
 * Holds every answer back until its row is durable: reads, and refusals of a known caller. Writes brought theirs along
 * in their transaction. When the row cannot be written, the answer is a 503.
 */
export function auditAnswers(fastify: FastifyInstance, trail: AuditTrail): void {
  fastify.addHook('preSerialization', (request, _, payload, done) => {
    request.answer = payload;
    done(null, payload);
  });
  fastify.addHook('onSend', async (request, reply) => {
    if (request.audited) return;
    request.audited = true;
    const party = callerOf(request);
    if (!party || request.is404) return;
    const entry = reply.statusCode < 400 ? successOf(request, trail) : refusalOf(request, reply.statusCode);
    if (entry) await trail.record(entry, party, request.actor?.origin ?? originOf(request));
  });
}

/**
 * Somebody who could not be identified leaves no row, or anybody could fill the table: they are counted by the metrics
 * of requests, and limited by address. A token of a session that ended names its user.
 */
function callerOf({ actor, endedSession }: FastifyRequest): AuditParty | undefined {
  if (actor) return partyOf(actor);
  return (
    endedSession && {
      userId: endedSession.userId,
      sessionId: endedSession.sessionId,
      hospitalId: endedSession.hospitalId,
    }
  );
}

function successOf(request: FastifyRequest, trail: AuditTrail): AuditEntry | undefined {
  const { audit } = request.routeOptions.config;
  if (audit?.kind !== 'audited') return undefined;
  if (request.actor && trail.isWritten(request.actor.origin)) return undefined;
  const answer = answerOf(request, request.answer);
  // What a repetition shows has happened before.
  const action = request.actor?.origin.idempotency?.replayed ? 'read' : audit.action;
  return {
    action,
    entity: audit.entity,
    entityIds: entityIdsOf(audit, answer),
    patientIds: patientIdsOf(audit, answer),
  };
}

/** Not allowed, and not there: the same answer, so the same row. Of other refusals only those that showed somebody. */
function refusalOf(request: FastifyRequest, status: number): AuditEntry | undefined {
  const { audit } = request.routeOptions.config;
  const declared = audit?.kind === 'audited' ? audit : undefined;
  if (status === 401 || status === 403 || (status === 404 && declared)) return denialOf(request, declared);
  const patientIds = shownBy(request.answer, declared?.shownByRefusal);
  if (patientIds.length === 0) return undefined;
  return {
    action: 'read',
    entity: 'patient',
    entityIds: patientIds,
    patientIds,
    outcome: 'failed',
    ...reasonOf(request),
  };
}

function denialOf(request: FastifyRequest, declared: AuditDeclaration | undefined): AuditEntry {
  const what = declared ?? { action: actionOf(request.method), entity: 'route' };
  const { action, entity } = what;
  const asked = answerOf(request);
  return {
    action,
    entity,
    entityIds: entityIdsOf({ action, entity }, asked),
    patientIds: patientIdsOf({ action, entity }, asked),
    outcome: 'denied',
    ...reasonOf(request),
  };
}

const answerOf = (request: FastifyRequest, result?: unknown): Answer => {
  const { operation, params } = request.actor?.origin ?? originOf(request);
  return { operation, params, by: request.actor, result };
};

function reasonOf({ answer }: FastifyRequest): { reason?: string } {
  if (typeof answer !== 'object' || answer === null || !('code' in answer)) return {};
  return typeof answer.code === 'string' ? { reason: answer.code } : {};
}

const actions: Readonly<Record<string, AuditAction>> = {
  GET: 'read',
  HEAD: 'read',
  PUT: 'update',
  PATCH: 'update',
  DELETE: 'delete',
};
const actionOf = (method: string): AuditAction => actions[method] ?? 'execute';
