import { Injectable } from '@nestjs/common';
import type { TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { BookableService, type HoldableTime } from '../scheduling/slots/bookable.service.js';
import type { SlotKey } from '../scheduling/slots/slots.service.js';
import type { Details, Wanted } from './appointment.command.js';
import { AppointmentMoves } from './appointment-moves.service.js';
import { invalid } from './appointment.policy.js';
import { AppointmentsRepository, type AppointmentRow, type NewAppointment } from './appointments.repository.js';

export interface Booking extends Wanted {
  readonly patientId: string;
  readonly details: Details;
  readonly source: string;
  /** Undefined: it is booked. */
  readonly hold: 'usual' | 'offer' | undefined;
  readonly rescheduleOf: string | null;
}

export interface Booker {
  /** Null: the platform itself. */
  readonly userId: string | null;
  readonly isPatient: boolean;
}

/** Undoes the transaction of an appointment whose time cannot be had. */
export class TimeRefused extends Error {
  constructor(
    readonly code: 'appointment.slot-taken' | 'appointment.not-offered',
    readonly slot: SlotKey,
  ) {
    super(code);
  }
}

/** Puts appointments into the schedule, for people and for the platform's own jobs. */
@Injectable()
export class Placing {
  constructor(
    private readonly bookable: BookableService,
    private readonly appointments: AppointmentsRepository,
    private readonly moves: AppointmentMoves,
  ) {}

  /**
   * @throws a {@link TimeRefused}, after which nothing of the transaction may stay, `appointment.patient-busy`,
   * `appointment.patient-deceased` or `request.invalid`
   */
  async place(tx: TenantTx, by: Booker, booking: Booking): Promise<AppointmentRow> {
    const now = new Date();
    const viewer = { now: now.getTime(), isPatient: by.isPatient };
    const found = await this.bookable.resolve(tx, viewer, { ...booking, doctorName: booking.details.doctorName });
    if (!found.isOffered && booking.overbookReason === undefined) {
      throw new TimeRefused('appointment.not-offered', found);
    }
    // Whoever is too late is told so before anything is written for them. Who is not may be too late in a moment.
    if (found.isTaken && booking.overbookReason === undefined) throw new TimeRefused('appointment.slot-taken', found);
    const placement = { row: toRow(booking, found, now), seats: found.seats, by: by.userId };
    const placed = await this.appointments.place(tx, placement, now);
    if (!placed) throw invalid('patientId', 'there is no such patient');
    const { expired, appointment, seats } = placed;
    if (seats.includes(null)) throw new TimeRefused('appointment.slot-taken', found);
    await this.moves.tellExpired(tx, expired);
    await this.moves.tellState(tx, appointment, by.userId);
    return appointment;
  }
}

function toRow(booking: Booking, found: HoldableTime, now: Date): NewAppointment {
  const { patientId, details, source, hold, rescheduleOf, overbookReason = null } = booking;
  const { providerId, serviceId, siteId, tz, start, end } = found;
  const heldMinutes = hold === 'offer' ? found.offerMinutes : found.holdMinutes;
  return {
    id: uuidv7(),
    patientId,
    providerId,
    serviceId,
    siteId,
    status: hold ? 'held' : 'booked',
    start,
    end,
    tz,
    reason: details.reason ?? null,
    notes: details.notes ?? null,
    source,
    contactPhone: details.contactPhone ?? null,
    doctorName: details.doctorName ?? found.providerName,
    clinicName: details.clinicName ?? found.siteName,
    overbookReason,
    holdExpiresAt: hold ? new Date(now.getTime() + heldMinutes * 60_000) : null,
    rescheduleOf,
  };
}
