import { z } from 'zod';
import { alarmPriorities } from './alarms.js';
import type { Permission } from './permissions.js';

/**
 * Who hears of an event over `/live`: holders of the permission, and only those who work on the ward if it has one, and
 * only the one user if it is theirs alone.
 */
export interface LiveAudience<Payload> {
  readonly permission: Permission;
  ward?(payload: Payload): string;
  user?(payload: Payload): string;
}

export interface EventSpec<Schema extends z.ZodType = z.ZodType> {
  /** Ids, versions and codes. What a patient's record says, or a secret, never travels in an event. */
  readonly payload: Schema;
  /** What a cache must forget, if anything; each counts within the event's hospital. */
  tags?(payload: z.output<Schema>): readonly string[];
  /** Whether the change feed tells caches of it as well. */
  readonly inFeed?: true;
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
  inFeed: true,
  live: { permission: 'patient:read' },
});
const recordChange = (permission: Permission) =>
  defineEvent({
    payload: z.strictObject({ id, patientId: id, version }),
    tags: ({ patientId }) => [`patient:${patientId}`],
    inFeed: true,
    live: { permission },
  });
const noteChange = defineEvent({
  payload: z.strictObject({ id, patientId: id, version }),
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
const encounterChange = defineEvent({
  payload: z.strictObject({ id, patientId: id, version }),
  live: { permission: 'encounter:read' },
});
const alarm = { id, wardId: id, priority: z.enum(alarmPriorities) };
/** Those who hear of a ward's vitals hear of its alarms. */
const alarmAudience = { permission: 'vitals:read', ward: ({ wardId }: { wardId: string }) => wardId } as const;
const alarmChange = defineEvent({ payload: z.strictObject(alarm), live: alarmAudience });
/** Of the stay `id` on that ward. */
const admissionChange = defineEvent({
  payload: z.strictObject({ id, patientId: id, wardId: id, version }),
  live: { permission: 'admission:read', ward: ({ wardId }) => wardId },
});
/** Of the appointment, number or entry `id`: staff hear of it live, patients read their own. */
const appointment = { id, patientId: id, version };
const appointmentAudience = { permission: 'appointment:conduct' } as const;
const appointmentChange = defineEvent({ payload: z.strictObject(appointment), live: appointmentAudience });
const ofPatient = defineEvent({
  payload: z.strictObject({ id, patientId: id }),
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
    live: { permission: 'vitals:read' },
  }),
  'alarm-escalation.changed': defineEvent({
    payload: z.strictObject({ wardId: id.nullable(), priority: alarm.priority }),
  }),
  'monitoring.changed': defineEvent({
    payload: z.strictObject({ patientId: id, version }),
    live: { permission: 'vitals:read' },
  }),
  'observation.charted': ofPatient,
  'observation.voided': ofPatient,
  'encounter.opened': encounterChange,
  /** Another state. */
  'encounter.moved': encounterChange,
  /** What is written of it, diagnoses too. */
  'encounter.changed': encounterChange,
  'schedule.changed': defineEvent({ payload: z.strictObject({ id }) }),
  'appointment.held': appointmentChange,
  /** A hold that nobody made a booking of in time; it is gone. */
  'appointment.hold-expired': appointmentChange,
  'appointment.booked': appointmentChange,
  /** What is written with it, not when it is. */
  'appointment.changed': appointmentChange,
  'appointment.confirmed': appointmentChange,
  'appointment.checked-in': appointmentChange,
  'appointment.started': appointmentChange,
  'appointment.completed': appointmentChange,
  'appointment.cancelled': appointmentChange,
  /** Another one took its place, which is told of as `appointment.booked`. */
  'appointment.rescheduled': defineEvent({
    payload: z.strictObject({ ...appointment, successorId: id }),
    live: appointmentAudience,
  }),
  'appointment.missed': appointmentChange,
  'appointment.voided': appointmentChange,
  'queue-token.changed': appointmentChange,
  'waitlist.joined': appointmentChange,
  /** A time came free and is held for the patient, as the appointment named. */
  'waitlist.offered': defineEvent({
    payload: z.strictObject({ ...appointment, appointmentId: id }),
    live: appointmentAudience,
  }),
  'waitlist.left': appointmentChange,
  'room.created': defineEvent({
    payload: z.strictObject({ id, wardId: id }),
    live: { permission: 'ward:read', ward: ({ wardId }) => wardId },
  }),
  /** What it is, or what state it is in. */
  'bed.changed': defineEvent({
    payload: z.strictObject({ id, wardId: id, version }),
    tags: ({ wardId }) => [`ward:${wardId}`],
    live: { permission: 'bed:read', ward: ({ wardId }) => wardId },
  }),
  'admission.requested': admissionChange,
  'admission.accepted': admissionChange,
  'admission.cancelled': admissionChange,
  'admission.admitted': admissionChange,
  /** What is written with it, not where the patient lies. */
  'admission.changed': admissionChange,
  /** The ward `wardId` is asked to take the patient, or no longer. */
  'admission.transfer-changed': admissionChange,
  /** To another bed: once for the ward it left and once for the one it came to, if these are two. */
  'admission.moved': admissionChange,
  'admission.discharge-ordered': admissionChange,
  'admission.discharge-withdrawn': admissionChange,
  'admission.discharge-ready': admissionChange,
  /** The patient has left. */
  'admission.ended': admissionChange,
  'break-glass.opened': defineEvent({
    payload: z.strictObject({ id, patientId: id }),
    live: { permission: 'break-glass:review' },
  }),
  'break-glass.review-asked': defineEvent({ payload: z.strictObject({ id, userId: id }) }),
  'security.password-spraying-detected': defineEvent({
    payload: z.strictObject({ kind: z.enum(['password', 'address']), accounts: z.int().positive() }),
  }),
  'user.invited': memberChange,
  'invitation.issued': defineEvent({ payload: z.strictObject({ id }) }),
  'password-reset.requested': defineEvent({ payload: z.strictObject({ id }) }),
  'password.changed': defineEvent({ payload: member }),
  'second-factor.changed': defineEvent({
    payload: z.strictObject({
      userId: id,
      change: z.enum(['enrolled', 'disabled', 'reset', 'recovery-codes-renewed', 'recovery-code-used']),
    }),
  }),
  'identity.linked': defineEvent({ payload: member }),
  /** Somebody has a new message; only they hear of it. */
  'notification.created': defineEvent({
    payload: z.strictObject({ id, userId: id }),
    live: { permission: 'notification:own', user: ({ userId }) => userId },
  }),
  /** A page of its recipients is to be told. */
  'broadcast.advanced': defineEvent({ payload: z.strictObject({ id }) }),
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
  specs[type].tags?.(payload) ?? [];

export interface EventAudience {
  readonly permission: Permission;
  readonly wardId: string | undefined;
  readonly userId: string | undefined;
}

/** The permission, and the ward and the user if the event has one, that hearing of it live takes; undefined for nobody. */
export function audienceOfEvent({ type, payload }: Pick<DomainEvent, 'type' | 'payload'>): EventAudience | undefined {
  const { live } = specs[type];
  return live && { permission: live.permission, wardId: live.ward?.(payload), userId: live.user?.(payload) };
}
