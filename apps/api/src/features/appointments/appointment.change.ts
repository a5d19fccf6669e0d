import { startOf, type Details } from './appointment.command.js';
import { invalid } from './appointment.policy.js';
import type { ChangeAppointmentDto } from './appointments.dto.js';
import type { AppointmentRow } from './appointments.repository.js';
import type { Booking } from './placing.service.js';

/** Where an appointment is to go; what is undefined stays. */
export interface WantedMove {
  readonly providerId: string | undefined;
  readonly serviceId: string | undefined;
  readonly start: Date | undefined;
  readonly resourceIds: readonly string[] | undefined;
  readonly overbookReason: string | undefined;
}

type Place = Pick<AppointmentRow, 'providerId' | 'serviceId' | 'start'>;

/** @throws `request.invalid` for a start within a minute */
export function wantedBy(command: ChangeAppointmentDto): WantedMove {
  const start = startOf(command);
  if (start && start.getTime() % 60_000 !== 0) throw invalid('start', 'start must be on a whole minute');
  const { providerId, serviceId, resourceIds, overbookReason } = command;
  return { providerId, serviceId, start, resourceIds, overbookReason };
}

/** Whether it names anything a move may be about, the same as before or not. */
export const mayBeMove = ({ providerId, serviceId, start, resourceIds }: WantedMove): boolean =>
  [providerId, serviceId, start, resourceIds].some((value) => value !== undefined);

/** Whether it is to be anything else than it is: clients send back what they read. */
export function isMove(before: Place, along: readonly string[], wanted: WantedMove): boolean {
  const { providerId, serviceId, start, resourceIds } = wanted;
  return (
    (start !== undefined && start.getTime() !== before.start.getTime()) ||
    (providerId !== undefined && providerId !== before.providerId) ||
    (serviceId !== undefined && serviceId !== before.serviceId) ||
    (resourceIds !== undefined && !isSame(resourceIds, along))
  );
}

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((id) => others.includes(id));

/** What comes in its place. The names shown are kept only with the provider they are of. */
export function successorOf(
  before: AppointmentRow,
  along: readonly string[],
  { details, ...wanted }: WantedMove & { readonly details: Details },
): Booking {
  const isSameProvider = wanted.providerId === undefined || wanted.providerId === before.providerId;
  const kept = { reason: before.reason, notes: before.notes, contactPhone: before.contactPhone };
  const shown = isSameProvider ? { doctorName: before.doctorName, clinicName: before.clinicName } : {};
  const named = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined)) as Details;
  return {
    providerId: wanted.providerId ?? before.providerId,
    serviceId: wanted.serviceId ?? before.serviceId,
    start: wanted.start ?? before.start,
    resourceIds: wanted.resourceIds ?? along,
    overbookReason: wanted.overbookReason,
    patientId: before.patientId,
    details: { ...kept, ...shown, ...named },
    source: before.source,
    hold: undefined,
    rescheduleOf: before.id,
  };
}
