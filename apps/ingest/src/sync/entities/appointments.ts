import { appointmentEvents, appointmentMovers, type AppointmentStatus, mayMove, type SyncOp } from '@hms/contracts';
import { type Bookable, clockOf, dayMs } from '@hms/scheduling';
import { z } from 'zod';
import { wishOf } from '../schedules/wish.js';
import { type Entity, type Field, type Outcome, type ReadyOp, rejected, type View } from './entity.js';
import { instant, line, plain, prose, rfc3339, utcText } from './fields.js';
import type { Fields, Row } from './row.js';

const once = { once: true } as const;
const uuid = z.uuid().toLowerCase();
const wholeMinute = rfc3339.refine((text) => Date.parse(text) % 60_000 === 0, 'must be on a whole minute');
const phone = z.string().regex(/^(?=(?:\D*\d){4})\+?[0-9 ().-]{4,30}$/);

const fields: Record<string, Field> = {
  patientId: plain('patient_id', uuid, once),
  providerId: plain('provider_id', uuid, once),
  serviceId: plain('service_id', uuid, once),
  start: {
    sql: utcText('lower(r.during)'),
    accepts: wholeMinute,
    columns: (value) => ({ start_at: value }),
    ...once,
  },
  end: { sql: utcText('upper(r.during)'), columns: (value) => ({ end_at: value }) },
  siteId: plain('site_id'),
  tz: plain('tz_at_booking'),
  status: plain('status'),
  statusReason: plain('status_reason'),
  reason: plain('reason', line(500).nullable(), once),
  notes: plain('notes', prose(2_000).nullable(), once),
  source: plain('source', line(50), once),
  contactPhone: plain('contact_phone', phone.nullable(), once),
  doctorName: plain('doctor_name'),
  clinicName: plain('clinic_name'),
  overbookReason: plain('overbook_reason', line(500).min(3).nullable(), once),
  rescheduleOf: plain('reschedule_of', uuid.nullable(), once),
  tokenNo: plain('token_no'),
  holdExpiresAt: instant('hold_expires_at'),
  cancelledAt: instant('cancelled_at'),
  resourceIds: { accepts: z.array(uuid).max(10), ...once },
  seats: { columns: (value) => ({ seats: value }) },
};

/** What each command makes of an appointment. */
const commands: Readonly<Record<string, AppointmentStatus>> = {
  'appointment.confirm': 'confirmed',
  'appointment.check-in': 'checked_in',
  'appointment.start': 'in_progress',
  'appointment.complete': 'completed',
  'appointment.cancel': 'cancelled',
  'appointment.no-show': 'no_show',
};

const taken = { code: 'slot_taken', text: 'That time is no longer free.' } as const;
const wrongState = { code: 'bad_transition', text: 'The appointment does not go from its state to that one.' } as const;

/**
 * Wishes until the server has answered: a new row books a time, with `rescheduleOf` in place of another, and what becomes of
 * it is said by commands. Of two who want one seat the database lets one have it.
 */
export const appointments: Entity = {
  name: 'appointments',
  write: 'appointment:book',
  fields,
  required: ['patientId', 'providerId', 'serviceId', 'start'],
  defaults: { status: 'booked', source: 'staff' },
  authored: true,
  looksAt: (op: SyncOp) => (typeof op.patch?.['rescheduleOf'] === 'string' ? [op.patch['rescheduleOf']] : []),
  // Of days that are over nobody at a bedside or a desk needs the list.
  heldWhile: `upper(r.during) > now() - interval '1 day'`,
  versioned: false,
  store: ({ id, schema }) => `select ${schema}.store_appointments('${id}', $1::text::jsonb)`,
  event: ({ id, patientId, version, fields: { status } }) => ({
    type: appointmentEvents[status as AppointmentStatus],
    payload: { id, patientId, version },
  }),
  refusals: {
    appointment_slot_taken: taken,
    appointment_patient_no_overlap: { code: 'slot_taken', text: 'The patient has another appointment at that time.' },
    appointment_patient_deceased: { code: 'bad_transition', text: 'The patient died.' },
    appointment_move: wrongState,
    appointment_reschedule_of_key: { code: 'bad_transition', text: 'The appointment was moved already.' },
  },
  reduce: (op, view) => {
    if (op.kind === 'create') return book(op, view);
    if (op.kind !== 'command') {
      return rejected('bad_transition', 'An appointment is not rewritten: book another in its place, or cancel it.');
    }
    const to = Object.hasOwn(commands, op.cmd?.name ?? '') ? commands[op.cmd?.name ?? ''] : undefined;
    if (!to) return rejected('invalid', `Appointments take the commands ${Object.keys(commands).join(', ')}.`);
    return view.row ? move(op, view.row, to, view) : rejected('not_found', 'There is no such appointment.');
  },
};

function book(op: ReadyOp, view: View): Outcome {
  const patch: Fields = op.patch ?? {};
  const { overbookReason = null, rescheduleOf = null } = patch;
  if (overbookReason !== null && !view.permissions.has('schedule:overbook')) {
    return rejected('forbidden', 'You may not overbook.', [{ field: 'overbookReason', message: 'needs a right' }]);
  }
  if (rescheduleOf !== null) {
    const before = view.siblings.find(({ id }) => id === rescheduleOf);
    if (!before || before.patientId !== patch['patientId'])
      return rejected('parent_missing', 'There is no such appointment.');
    if (!mayMove(statusOf(before), 'rescheduled')) {
      return rejected('bad_transition', `The appointment is ${statusOf(before)}, and not moved any more.`);
    }
  }
  const wish = wishOf(patch);
  if (!wish) return rejected('invalid', 'The change names no time.');
  const found = view.schedules.bookable(wish, view.now);
  if ('unknown' in found) {
    return rejected('invalid', 'There is no such thing to book.', [{ field: found.unknown, message: 'is not in use' }]);
  }
  if (!found.isOffered && overbookReason === null) return rejected('slot_taken', 'That time is not offered.');
  return { status: 'applied', fields: { ...patch, ...placed(found) } };
}

const placed = ({ start, end, siteId, tz, providerName, siteName, seats }: Bookable): Fields => ({
  start: start.toISOString(),
  end: end.toISOString(),
  ...{ siteId, tz },
  doctorName: providerName,
  clinicName: siteName,
  seats,
});

function move(op: ReadyOp, row: Row, to: AppointmentStatus, view: View): Outcome {
  const needed = appointmentMovers[to];
  if (!needed || !view.permissions.has(needed)) return rejected('forbidden', 'You may not do that.');
  const reason = line(500).nullish().safeParse(op.cmd?.args['reason']);
  if (!reason.success) return rejected('invalid', 'reason must say why, in up to 500 characters.');
  const from = statusOf(row);
  if (from === to) return { status: 'applied', unchanged: true };
  if (!mayMove(from, to)) return rejected('bad_transition', `The appointment is ${from}, and not to be ${to}.`);
  return (
    refusalOfTime(op, row, to, view) ?? { status: 'applied', fields: { status: to, statusReason: reason.data ?? null } }
  );
}

/** What is said too early, or too late. */
function refusalOfTime(op: ReadyOp, row: Row, to: AppointmentStatus, { now, schedules }: View): Outcome | undefined {
  if (to === 'no_show' && now < Date.parse(String(row.fields['start'])) + schedules.graceMs) {
    return rejected('bad_transition', 'The patient may still come.');
  }
  const clock = clockOf(String(row.fields['tz']));
  const day = (time: number): number => Math.floor(clock.wallOf(time) / dayMs);
  // The queue of that day is closed, and today's is for those who come today.
  if (to === 'checked_in' && day(Date.parse(op.at) + op.off) < day(now)) {
    return rejected('expired', 'The day on which the patient came is over.');
  }
  return undefined;
}

const statusOf = ({ fields: { status } }: Row): AppointmentStatus => status as AppointmentStatus;
