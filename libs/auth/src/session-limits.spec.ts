import { describe, expect, it } from '@jest/globals';
import { permissionTable, roles } from '@hms/contracts';
import { absoluteEnd, renewalIsUse, suits, timeoutOf, type SessionKind } from './session-limits.js';

const opened = new Date('2026-05-01T08:00:00Z');
const minute = 60_000;
const hour = 60 * minute;
const after = (ms: number): Date => new Date(opened.getTime() + ms);

/** A session opened at {@link opened} and last used `usedMs` later. */
const session = (kind: SessionKind, usedMs: number) => ({
  kind,
  lastSeenAt: after(usedMs),
  expiresAt: absoluteEnd(kind, opened),
});

describe.each([
  ['web', 15 * minute, 12 * hour],
  ['shared-terminal', 5 * minute, 12 * hour],
  ['device', 7 * 24 * hour, 30 * 24 * hour],
] as const)('a session of kind %s', (kind, idle, absolute) => {
  it('counts until it was idle too long', () => {
    expect(timeoutOf(session(kind, 0), after(idle - 1))).toBeUndefined();
    expect(timeoutOf(session(kind, 0), after(idle))).toBe('idle');
  });

  it('rests from its last use on, not from its beginning', () => {
    expect(timeoutOf(session(kind, idle - 1), after(2 * idle - 2))).toBeUndefined();
  });

  it('ends at its absolute limit however busy it is', () => {
    expect(timeoutOf(session(kind, absolute - 1), after(absolute - 1))).toBeUndefined();
    expect(timeoutOf(session(kind, absolute - 1), after(absolute))).toBe('expired');
  });
});

it('a device is for patients and those who may work offline, and for them only if they do nothing else', () => {
  const onDevices: readonly string[] = [...permissionTable['sync:own'], 'patient'];
  expect(roles.filter((role) => suits('device', [role]))).toEqual(onDevices);
  expect(suits('device', ['nurse', 'hospital_admin'])).toBe(false);
  expect(roles.every((role) => suits('web', [role]) && suits('shared-terminal', [role]))).toBe(true);
});

it('only a device is used by renewing its tokens', () => {
  expect((['web', 'shared-terminal', 'device'] as const).filter(renewalIsUse)).toEqual(['device']);
});
