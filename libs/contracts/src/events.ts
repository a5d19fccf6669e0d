import { z } from 'zod';
import { alarmPriorities } from './alarms.js';
import type { Permission } from './permissions.js';

/** Who hears of an event over `/live`: holders of the permission, and only those who work on the ward if it has one. */
export interface LiveAudience<Payload> {
  readonly permission: Permission;
  ward?(payload: Payload): string;
}

export interface EventSpec<Schema extends z.ZodType = z.ZodType> {
  /** Ids, versions and codes. What a patient's record says, or a secret, never travels in an event. */
  readonly payload: Schema;
  /** What a cache must forget; each counts within the event's hospital. */
  tags(payload: z.output<Schema>): readonly string[];
  readonly live?: LiveAudience<z.output<Schema>>;
}

const defineEvent = <Schema extends z.ZodType>(spec: EventSpec<Schema>): EventSpec<Schema> => spec;

const id = z.uuid();
const version = z.int().positive();
const versioned = z.strictObject({ id, version });
const assignment = z.strictObject({ id, deviceId: id, patientId: id, wardId: id });
const member = z.strictObject({ userId: id });

const patientChange = defineEvent({
  payload: versioned,
  tags: (patient) => [`patient:${patient.id}`, 'patients'],
  live: { permission: 'patient:read' },
});
const recordChange = (permission: Permission) =>
  defineEvent({
    payload: z.strictObject({ id, patientId: id, version }),
    tags: ({ patientId }) => [`patient:${patientId}`],
    live: { permission },
  });
const noteChange = defineEvent({
  payload: z.strictObject({ id, patientId: id, version }),
  tags: () => [],
  live: { permission: 'note:read' },
});
const wardChange = defineEvent({
  payload: versioned,
  tags: (ward) => [`ward:${ward.id}`, 'wards'],
  live: { permission: 'ward:read', ward: (ward) => ward.id },
});
const deviceChange = defineEvent({ payload: versioned, tags: (device) => [`device:${device.id}`, 'devices'] });
const assignmentChange = defineEvent({
  payload: assignment,
  tags: ({ deviceId, patientId, wardId }) => [`device:${deviceId}`, `patient:${patientId}`, `ward:${wardId}`],
  live: { permission: 'device:read', ward: ({ wardId }) => wardId },
});
const gatewayChange = defineEvent({ payload: versioned, tags: (gateway) => [`gateway:${gateway.id}`, 'gateways'] });
const memberChange = defineEvent({ payload: member, tags: ({ userId }) => [`user:${userId}`, 'users'] });
const alarm = { id, wardId: id, priority: z.enum(alarmPriorities) };
/** Those who hear of a ward's vitals hear of its alarms. */
const alarmAudience = { permission: 'vitals:read', ward: ({ wardId }: { wardId: string }) => wardId } as const;
const alarmChange = defineEvent({ payload: z.strictObject(alarm), tags: () => [], live: alarmAudience });
const ofPatient = defineEvent({
  payload: z.strictObject({ id, patientId: id }),
  tags: () => [],
  live: { permission: 'vitals:read' },
});

/**
 * Everything that happens here and others may react to, as `noun.past-participle`. A type is never renamed, and its
 * payload only gains optional members: events of the release before are still on their way.
 */
export const eventCatalogue = {
  'patient.registered': patientChange,
  'patient.updated': patientChange,
  'patient.deleted': patientChange,
  'patient.restored': patientChange,
  'allergy.changed': recordChange('allergy:read'),
  'condition.changed': recordChange('condition:read'),
  'note.written': noteChange,
  'note.signed': noteChange,
  'note.voided': noteChange,
  'ward.created': wardChange,
  'ward.changed': wardChange,
  'bed.created': defineEvent({
    payload: z.strictObject({ id, wardId: id }),
    tags: ({ wardId }) => [`ward:${wardId}`],
    live: { permission: 'ward:read', ward: ({ wardId }) => wardId },
  }),
  'gateway.created': gatewayChange,
  'gateway.changed': gatewayChange,
  'gateway.keys-changed': defineEvent({
    payload: z.strictObject({ gatewayId: id }),
    tags: ({ gatewayId }) => [`gateway:${gatewayId}`],
  }),
  'device.registered': deviceChange,
  'device.changed': deviceChange,
  'device.assigned': assignmentChange,
  'device.released': assignmentChange,
  'hospital.changed': defineEvent({ payload: versioned, tags: (hospital) => [`hospital:${hospital.id}`, 'hospitals'] }),
  'alarm.raised': alarmChange,
  'alarm.notified': alarmChange,
  'alarm.escalated': defineEvent({
    payload: z.strictObject({ ...alarm, level: z.int().min(1).max(3) }),
    tags: () => [],
    live: alarmAudience,
  }),
  'alarm.acknowledged': alarmChange,
  'alarm.suppressed': alarmChange,
  'alarm.unsuppressed': alarmChange,
  'alarm.noted': alarmChange,
  /** Once for the ward it left and once for the one it came to. */
  'alarm.moved': alarmChange,
  'alarm.resolved': alarmChange,
  'alarm-suppression.created': ofPatient,
  'alarm-suppression.ended': ofPatient,
  'alarm-limit.changed': defineEvent({
    payload: z.strictObject({ id, wardId: id.nullable(), patientId: id.nullable() }),
    tags: () => [],
    live: { permission: 'vitals:read' },
  }),
  'alarm-escalation.changed': defineEvent({
    payload: z.strictObject({ wardId: id.nullable(), priority: alarm.priority }),
    tags: () => [],
  }),
  'monitoring.changed': defineEvent({
    payload: z.strictObject({ patientId: id, version }),
    tags: () => [],
    live: { permission: 'vitals:read' },
  }),
  'observation.charted': ofPatient,
  'observation.voided': ofPatient,
  'break-glass.opened': defineEvent({
    payload: z.strictObject({ id, patientId: id }),
    tags: () => [],
    live: { permission: 'break-glass:review' },
  }),
  'break-glass.review-asked': defineEvent({ payload: z.strictObject({ id, userId: id }), tags: () => [] }),
  'security.password-spraying-detected': defineEvent({
    payload: z.strictObject({ kind: z.enum(['password', 'address']), accounts: z.int().positive() }),
    tags: () => [],
  }),
  'user.invited': memberChange,
  'invitation.issued': defineEvent({ payload: z.strictObject({ id }), tags: () => [] }),
  'password-reset.requested': defineEvent({ payload: z.strictObject({ id }), tags: () => [] }),
  'password.changed': defineEvent({ payload: member, tags: () => [] }),
  'second-factor.changed': defineEvent({
    payload: z.strictObject({
      userId: id,
      change: z.enum(['enrolled', 'disabled', 'reset', 'recovery-codes-renewed', 'recovery-code-used']),
    }),
    tags: () => [],
  }),
  'identity.linked': defineEvent({ payload: member, tags: () => [] }),
  'membership.accepted': memberChange,
  'membership.changed': memberChange,
} as const satisfies Readonly<Record<string, EventSpec>>;

export type EventType = keyof typeof eventCatalogue;
export const eventTypes = Object.keys(eventCatalogue) as EventType[];
export const isEventType = (type: string): type is EventType => Object.hasOwn(eventCatalogue, type);

const specs: Readonly<Record<EventType, EventSpec>> = eventCatalogue;
export const specOf = (type: EventType): EventSpec => specs[type];

export type EventPayload<T extends EventType> = z.output<(typeof eventCatalogue)[T]['payload']>;

/** Something that happened, as consumers are given it. */
export type DomainEvent<T extends EventType = EventType> = {
  readonly [K in T]: {
    /** UUIDv7. A consumer may see it more than once. */
    readonly id: string;
    readonly type: K;
    /** Null for what belongs to no hospital. */
    readonly hospitalId: string | null;
    readonly payload: EventPayload<K>;
    /** The user who caused it; null for the platform itself. */
    readonly actorId: string | null;
    /** RFC 3339, UTC: when the transaction began that committed it. */
    readonly occurredAt: string;
  };
}[T];

const envelope = z.strictObject({
  id,
  type: z.string().refine(isEventType),
  hospitalId: id.nullable(),
  payload: z.unknown(),
  actorId: id.nullable(),
  occurredAt: z.iso.datetime(),
});

/** @throws a ZodError unless it is an event of the catalogue */
export function parseEvent(value: unknown): DomainEvent {
  const parsed = envelope.parse(value);
  const payload = specs[parsed.type].payload.parse(parsed.payload);
  return { ...parsed, payload } as DomainEvent; // the catalogue ties type and payload together; both were parsed
}

/** What a cache of the event's hospital must forget. */
export const tagsOf = ({ type, payload }: Pick<DomainEvent, 'type' | 'payload'>): readonly string[] =>
  specs[type].tags(payload);

/** The permission and, if the event happened on one, the ward that hearing of it live takes; undefined for nobody. */
export function audienceOfEvent({
  type,
  payload,
}: Pick<DomainEvent, 'type' | 'payload'>):
  { readonly permission: Permission; readonly wardId: string | undefined } | undefined {
  const { live } = specs[type];
  return live && { permission: live.permission, wardId: live.ward?.(payload) };
}
