import { wardsFor, type Actor } from '../../platform/access/actor.js';

interface Placed {
  readonly id: string;
  readonly wardId: string | null;
}

/** Somebody limited to wards moves nobody away from another one, unless they broke the glass for this patient. */
export function mayTakeFrom(actor: Actor, { id, wardId }: Placed): boolean {
  const wards = wardsFor(actor, id);
  return wardId === null || wards === undefined || wards.includes(wardId);
}
