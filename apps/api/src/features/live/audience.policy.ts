import { coversWard, type HospitalIdentity } from '../../platform/access/actor.js';

/** The wards of one hospital a socket hears of; `wardIds` undefined means all, those opened later included. */
export interface Audience {
  readonly hospitalId: string;
  readonly wardIds: readonly string[] | undefined;
}

const everyWard = '*';
const room = (hospitalId: string, ward: string): string => `h:${hospitalId}:ward:${ward}`;

/** The audience an actor belongs to, narrowed to one ward if it asks; undefined for a ward it does not work on. */
export function audienceOf(actor: HospitalIdentity, wardId: string | undefined): Audience | undefined {
  const hospitalId = actor.hospital.id;
  if (wardId === undefined) return { hospitalId, wardIds: actor.wardIds && [...actor.wardIds].sort() };
  return coversWard(actor, wardId) ? { hospitalId, wardIds: [wardId] } : undefined;
}

/** The room of everybody who listens in a hospital, whatever their wards. */
export const hospitalRoom = (hospitalId: string): string => `h:${hospitalId}`;

/** Whether this audience hears of a ward. */
export const hearsOf = ({ wardIds }: Audience, wardId: string): boolean => wardIds?.includes(wardId) ?? true;

/** The rooms a socket of this audience is in that may be shown vitals. */
export const roomsOf = ({ hospitalId, wardIds = [everyWard] }: Audience): string[] => [
  hospitalRoom(hospitalId),
  ...wardIds.map((wardId) => room(hospitalId, wardId)),
];

/** The rooms that hear of one ward. */
export const roomsHearing = (hospitalId: string, wardId: string): string[] => [
  room(hospitalId, wardId),
  room(hospitalId, everyWard),
];

/** Equal for audiences that are sent the same. */
export const audienceKey = (audience: Audience): string => roomsOf(audience).join(' ');

/** Whether an actor may still do, and where, exactly what it could when it connected. */
export function sameStanding(before: Standing, after: Standing): boolean {
  return (
    before.hospital?.id === after.hospital?.id &&
    sameMembers(before.roles, after.roles) &&
    (before.mfaAt === undefined) === (after.mfaAt === undefined) &&
    (before.wardIds === undefined) === (after.wardIds === undefined) &&
    sameMembers(before.wardIds ?? [], after.wardIds ?? [])
  );
}

type Standing = Pick<Partial<HospitalIdentity>, 'hospital' | 'wardIds' | 'mfaAt'> & Pick<HospitalIdentity, 'roles'>;

const sameMembers = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((member) => b.includes(member));
