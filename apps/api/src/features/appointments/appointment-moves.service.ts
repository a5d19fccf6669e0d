import { Injectable } from '@nestjs/common';
import { appointmentEvents, mayMove, type AppError, type AppointmentStatus, type EventType } from '@hms/contracts';
import type { TenantTx } from '@hms/database';
import { Outbox } from '../../platform/events/outbox.service.js';
import { appointmentError } from './appointments.errors.js';
import { AppointmentsRepository, type AppointmentRow, type Move } from './appointments.repository.js';

type AppointmentEvent = Exclude<Extract<EventType, `appointment.${string}`>, 'appointment.rescheduled'>;
type Told = Pick<AppointmentRow, 'id' | 'patientId' | 'version'>;

/**
 * The one way an appointment goes from state to state, for people and for the platform's own jobs. It tells of it in the
 * same transaction.
 */
@Injectable()
export class AppointmentMoves {
  constructor(
    private readonly appointments: AppointmentsRepository,
    private readonly outbox: Outbox,
  ) {}

  /**
   * An appointment that is in that state already stays as it is.
   * @throws `appointment.illegal-move` or `appointment.hold-expired`
   */
  async move(tx: TenantTx, before: AppointmentRow, move: Move, now: Date): Promise<AppointmentRow> {
    if (before.status === move.to) return before;
    const moved = await this.appointments.move(tx, before.id, move, now);
    if (!moved) throw refusalOf(before, move.to, now);
    await this.tellState(tx, moved, move.by);
    return moved;
  }

  /**
   * For what has to be done before an appointment that is locked is moved.
   * @throws what {@link move} throws
   */
  assertMayBecome(before: AppointmentRow, to: AppointmentStatus, now: Date): void {
    if (!mayMove(before.status, to) || (to === 'booked' && isOver(before, now))) throw refusalOf(before, to, now);
  }

  /** Tells of the state it is in. */
  async tellState(tx: TenantTx, { status, ...row }: AppointmentRow, by: string | null): Promise<void> {
    if (status !== 'rescheduled') await this.#add(tx, appointmentEvents[status], row, by);
  }

  /** Tells of another that came in its place. */
  async tellSuccessor(tx: TenantTx, before: Told, successorId: string, by: string): Promise<void> {
    const { id, patientId, version } = before;
    const payload = { id, patientId, version, successorId };
    await this.outbox.add(tx, { type: 'appointment.rescheduled', payload, hospitalId: tx.hospital.id, actorId: by });
  }

  /** Tells of what is written with it. */
  tellChange(tx: TenantTx, row: Told, by: string): Promise<void> {
    return this.#add(tx, 'appointment.changed', row, by);
  }

  /** Tells of holds that are gone. */
  async tellExpired(tx: TenantTx, rows: readonly Told[]): Promise<void> {
    for (const row of rows) await this.#add(tx, 'appointment.hold-expired', row, null);
  }

  async #add(tx: TenantTx, type: AppointmentEvent, { id, patientId, version }: Told, by: string | null): Promise<void> {
    const payload = { id, patientId, version };
    await this.outbox.add(tx, { type, payload, hospitalId: tx.hospital.id, actorId: by });
  }
}

const isOver = ({ holdExpiresAt }: AppointmentRow, now: Date): boolean =>
  holdExpiresAt !== null && holdExpiresAt <= now;

function refusalOf(before: AppointmentRow, to: AppointmentStatus, now: Date): AppError {
  if (to === 'booked' && isOver(before, now)) return appointmentError('appointment.hold-expired');
  return appointmentError('appointment.illegal-move', { detail: `It is ${before.status}, not to be ${to}` });
}
