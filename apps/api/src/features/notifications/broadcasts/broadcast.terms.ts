import type { HospitalRole } from '@hms/contracts';

export const broadcastTargets = ['all', 'patients', 'pharmacies'] as const;
export type BroadcastTarget = (typeof broadcastTargets)[number];

/** Whose holders a broadcast goes to; null: everybody. */
export const rolesOfTarget: Readonly<Record<BroadcastTarget, readonly HospitalRole[] | null>> = {
  all: null,
  patients: ['patient'],
  pharmacies: ['pharmacist'],
};

export const broadcastStatuses = ['running', 'completed', 'cancelled'] as const;
export type BroadcastStatus = (typeof broadcastStatuses)[number];
