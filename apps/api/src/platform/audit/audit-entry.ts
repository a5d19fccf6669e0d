import type { AuditAction, AuditEvent, AuditOutcome } from '@hms/audit';
import { uuidv7 } from 'uuidv7';
import type { Actor } from '../access/actor.js';
import type { RequestOrigin } from '../access/request-origin.js';

/** What happened, before it is sealed. */
export interface AuditEntry {
  readonly action: AuditAction;
  readonly entity: string;
  readonly entityIds?: readonly string[];
  readonly patientIds?: readonly string[];
  readonly outcome?: AuditOutcome;
  readonly reason?: string;
}

/** Who did it; absent members are not known. */
export interface AuditParty {
  readonly hospitalId?: string | undefined;
  readonly userId?: string | undefined;
  readonly roles?: readonly string[];
  readonly sessionId?: string | undefined;
  readonly breakGlass?: string | undefined;
}

export type Source = Pick<RequestOrigin, 'requestId' | 'ip' | 'userAgent' | 'operation'>;

export const partyOf = ({ hospital, userId, roles, sessionId, breakGlass }: Actor): AuditParty => ({
  hospitalId: hospital?.id,
  userId,
  roles,
  sessionId,
  breakGlass: breakGlass?.id,
});

export function toEvent(entry: AuditEntry, party: AuditParty, source: Source): AuditEvent {
  return {
    id: uuidv7(),
    hospitalId: party.hospitalId ?? null,
    actorId: party.userId ?? null,
    actorRoles: party.roles ?? [],
    action: entry.action,
    entity: entry.entity,
    entityIds: entry.entityIds ?? [],
    patientIds: entry.patientIds ?? [],
    operation: source.operation,
    outcome: entry.outcome ?? 'success',
    reason: entry.reason ?? null,
    ip: line(source.ip, 45),
    userAgent: line(source.userAgent, 300),
    sessionId: party.sessionId ?? null,
    requestId: source.requestId,
    breakGlass: party.breakGlass ?? null,
  };
}

/** Text from outside, bounded and of one line: PostgreSQL stores neither a NUL nor half a character. */
function line(text: string | undefined, max: number): string | null {
  const clean = [...(text ?? '').replace(/\p{Cc}|\p{Cs}/gu, '')].slice(0, max).join('');
  return clean === '' ? null : clean;
}
