/** What was done; `execute` is everything that is none of the others. */
export const auditActions = ['create', 'read', 'update', 'delete', 'export', 'execute', 'login', 'logout'] as const;
export type AuditAction = (typeof auditActions)[number];

/** `denied`: not allowed or not there. `failed`: allowed to try, and refused for another reason. */
export const auditOutcomes = ['success', 'denied', 'failed'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** One row of `audit_event`: references and codes only, never what a record says. */
export interface AuditEvent {
  /** UUIDv7 of the moment. */
  readonly id: string;
  /** Null for an event of the platform itself. */
  readonly hospitalId: string | null;
  /** Null when nobody was signed in. */
  readonly actorId: string | null;
  readonly actorRoles: readonly string[];
  readonly action: AuditAction;
  /** Kind of record, such as `patient`. */
  readonly entity: string;
  readonly entityIds: readonly string[];
  /** Whose records. */
  readonly patientIds: readonly string[];
  /** Method and matched route, or the socket's event. */
  readonly operation: string;
  readonly outcome: AuditOutcome;
  /** Stable code of a refusal, or what else tells rows of one kind apart. */
  readonly reason: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly sessionId: string | null;
  readonly requestId: string | null;
  /** The grant under which somebody without the usual right was let in. */
  readonly breakGlass: string | null;
}

/** Milliseconds since the epoch, as a UUIDv7 begins with them. */
export const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

/**
 * The columns a row's seal covers, in its order: the name, and how PostgreSQL gives the value as JSON. Appending one
 * needs a new {@link sealForm}; reordering is never possible.
 */
const sealed = [
  ['id', (e: AuditEvent) => e.id],
  ['at', (e: AuditEvent) => timeOf(e.id)],
  ['actor_id', (e: AuditEvent) => e.actorId],
  ['actor_roles', (e: AuditEvent) => e.actorRoles],
  ['action', (e: AuditEvent) => e.action],
  ['entity', (e: AuditEvent) => e.entity],
  ['entity_ids', (e: AuditEvent) => e.entityIds],
  ['patient_ids', (e: AuditEvent) => e.patientIds],
  ['operation', (e: AuditEvent) => e.operation],
  ['outcome', (e: AuditEvent) => e.outcome],
  ['reason', (e: AuditEvent) => e.reason],
  ['ip', (e: AuditEvent) => e.ip],
  ['user_agent', (e: AuditEvent) => e.userAgent],
  ['session_id', (e: AuditEvent) => e.sessionId],
  ['request_id', (e: AuditEvent) => e.requestId],
  ['break_glass', (e: AuditEvent) => e.breakGlass],
] as const;

export type SealedValue = string | number | null | readonly string[];

/** Names the fields and their order, so that a later form can never be read as this one. */
const sealForm = 'hms.audit.1';

export const sealedValues = (event: AuditEvent): SealedValue[] => sealed.map(([, value]) => value(event));

/**
 * The one text a row's seal and its place in the chain are computed over. Two different rows never have the same:
 * JSON keeps the values apart.
 */
export const canonicalText = (hospitalId: string | null, keyId: string, values: readonly SealedValue[]): string =>
  JSON.stringify([sealForm, hospitalId, keyId, ...values]);

const asJson = (column: string): string =>
  column === 'at' ? '(extract(epoch from e.at) * 1000)::bigint' : `e.${column}`;

/** SQL for {@link sealedValues} of the row `e`. */
export const sealedColumnsSql = `json_build_array(${sealed.map(([column]) => asJson(column)).join(', ')})`;

/** The columns an event is inserted with, for `jsonb_populate_recordset`. */
export const insertedColumns = [...sealed.map(([column]) => column), 'key_id', 'mac'].join(', ');

/** A row as `jsonb_populate_recordset` reads it. */
export function toRow(event: AuditEvent, seal: { readonly keyId: string; readonly mac: Buffer }): object {
  return {
    ...Object.fromEntries(sealed.map(([column, value]) => [column, value(event)])),
    at: new Date(timeOf(event.id)).toISOString(),
    key_id: seal.keyId,
    mac: `\\x${seal.mac.toString('hex')}`,
  };
}
