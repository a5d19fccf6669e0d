import type { Role } from '@hms/contracts';

/** Where a session is used: a browser of its own, a browser many share, or a phone that may be offline for days. */
export const sessionKinds = ['web', 'shared-terminal', 'device'] as const;
export type SessionKind = (typeof sessionKinds)[number];

/** Work at the bedside, at the front desk and on the way, where a device may be offline for days; whoever administers is online. */
const rolesOnDevices: readonly Role[] = ['doctor', 'nurse', 'lab_staff', 'receptionist', 'patient'];

/** Whether a session of that kind may do what all these roles may. */
export const suits = (kind: SessionKind, roles: readonly Role[]): boolean =>
  kind !== 'device' || roles.every((role) => rolesOnDevices.includes(role));

/** @throws an Error for a text the database would not hold */
export function sessionKindOf(text: string): SessionKind {
  const kind = sessionKinds.find((known) => known === text);
  if (!kind) throw new Error('a session is of an unknown kind');
  return kind;
}

/** Why a session that nobody revoked counts no more. */
export type SessionTimeout = 'idle' | 'expired';

interface SessionLimits {
  readonly idleMs: number;
  readonly absoluteMs: number;
  /** Whether renewing tokens counts as use. A browser renews by itself, whether or not somebody sits before it. */
  readonly renewalIsUse: boolean;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const limits: Readonly<Record<SessionKind, SessionLimits>> = {
  web: { idleMs: 15 * minute, absoluteMs: 12 * hour, renewalIsUse: false },
  'shared-terminal': { idleMs: 5 * minute, absoluteMs: 12 * hour, renewalIsUse: false },
  device: { idleMs: 7 * day, absoluteMs: 30 * day, renewalIsUse: true },
};

/** When a session opened now ends, whatever is done with it. */
export const absoluteEnd = (kind: SessionKind, now: Date): Date => new Date(now.getTime() + limits[kind].absoluteMs);

export const renewalIsUse = (kind: SessionKind): boolean => limits[kind].renewalIsUse;

export interface SessionClock {
  readonly kind: SessionKind;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
}

/** Undefined while the session counts. */
export function timeoutOf({ kind, lastSeenAt, expiresAt }: SessionClock, now: Date): SessionTimeout | undefined {
  if (now >= expiresAt) return 'expired';
  return now.getTime() - lastSeenAt.getTime() >= limits[kind].idleMs ? 'idle' : undefined;
}
