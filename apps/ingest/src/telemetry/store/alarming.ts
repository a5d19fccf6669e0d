import { noteBreaches } from '../../alarms/breaches.js';
import type { Lane } from '../../database/lane.js';
import type { HospitalGroup } from './hospital-group.js';
import type { StoreParts } from './store-parts.js';

/**
 * Notes in the open transaction what of the stored readings is beyond a limit: an alarm commits with the readings that
 * show it, or neither does. Returns how many it raised.
 */
export async function noteAlarms(lane: Lane, groups: readonly HospitalGroup[]): Promise<number> {
  // In one order, so that writers whose flushes hold the same hospitals wait for each other instead of blocking each other.
  const ordered = groups.filter(isAlarming).sort((a, b) => (a.hospital.id < b.hospital.id ? -1 : 1));
  if (ordered.length === 0) return 0;
  const counts = ordered.map(({ hospital, breaches }) => noteBreaches(hospital.schema, breaches));
  const [row] = await lane.run<{ raised: number }>(`select ${counts.join(' + ')} as raised`);
  return row?.raised ?? 0;
}

export const isAlarming = ({ breaches }: HospitalGroup): boolean => breaches.length > 0;

/** To be called once the alarms are committed. */
export function reportRaised({ onRaised }: StoreParts, groups: readonly HospitalGroup[], alarms: number): void {
  if (alarms === 0) return;
  const alarming = groups.filter(isAlarming);
  const submissions = alarming.flatMap((group) => group.submissions.filter(({ breaches }) => breaches.length > 0));
  onRaised({
    hospitals: alarming.map(({ hospital }) => hospital),
    alarms,
    since: Math.min(...submissions.map(({ submittedAt }) => submittedAt)),
  });
}
