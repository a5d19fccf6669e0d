import { Injectable } from '@nestjs/common';
import type { AppError } from '@hms/contracts';
import type { TenantTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { KeyedQueue } from '../../platform/database/keyed-queue.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { isStaff } from '../scheduling/scheduling.policy.js';
import type { SlotDto } from '../scheduling/slots/slots.dto.js';
import { SlotsService, type SlotKey } from '../scheduling/slots/slots.service.js';
import { detailsOf, wantedOf, writtenBy } from './appointment.command.js';
import { toAppointmentDto } from './appointment.mapper.js';
import { assertMayOverbook, assertMayTake, patientFor } from './appointment.policy.js';
import type { AppointmentDto, BookAppointmentDto } from './appointments.dto.js';
import { appointmentError } from './appointments.errors.js';
import type { AppointmentRow } from './appointments.repository.js';
import { Placing, TimeRefused, type Booking } from './placing.service.js';

/** How many other times a refusal names. */
const alternativesShown = 3;

/** Of a process, for one provider. */
const atOnce = 3;

/** Makes appointments. Two never take the same seat: the database refuses the later one. */
@Injectable()
export class BookingService {
  readonly #queue = new KeyedQueue(atOnce);
  readonly #alternatives = new Map<string, Promise<SlotDto[]>>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly slots: SlotsService,
    private readonly placing: Placing,
  ) {}

  /**
   * @throws `appointment.slot-taken`, `appointment.not-offered`, `appointment.patient-busy`,
   * `appointment.patient-deceased`, `auth.forbidden` or `request.invalid`
   */
  book(actor: HospitalActor, command: BookAppointmentDto): Promise<AppointmentDto> {
    const booking: Booking = {
      ...wantedOf(command),
      patientId: patientFor(actor, command.patientId),
      details: writtenBy(actor, detailsOf(command), { findsDoctor: command.providerId === undefined }),
      source: command.source ?? (isStaff(actor) ? 'staff' : 'patient'),
      hold: command.hold === true ? 'usual' : undefined,
      rescheduleOf: null,
    };
    assertMayOverbook(actor, booking.overbookReason);
    assertMayTake(actor, command.resourceIds);
    return this.run(actor, booking.providerId, async (tx) => toAppointmentDto(await this.place(tx, actor, booking)));
  }

  /**
   * One unit of work in which an appointment is placed. When its time is taken the refusal names others.
   * @throws what `work` throws
   */
  async run<T>(actor: HospitalActor, providerId: string | undefined, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    const key = `${actor.hospital.id}:${providerId ?? ''}`;
    try {
      return await this.#queue.run(key, () => this.unitOfWork.inHospital(actor, work));
    } catch (err) {
      // The transaction of a refusal is lost: other times are looked up in another one.
      if (err instanceof TimeRefused) throw await this.#refusal(actor, err);
      throw err;
    }
  }

  /** Places it within a unit of work of {@link run}. */
  place(tx: TenantTx, actor: HospitalActor, booking: Booking): Promise<AppointmentRow> {
    return this.placing.place(tx, { userId: actor.userId, isPatient: !isStaff(actor) }, booking);
  }

  async #refusal(actor: HospitalActor, { code, slot }: TimeRefused): Promise<AppError> {
    return appointmentError(code, { members: { alternatives: await this.#alternativesTo(actor, slot) } });
  }

  /** Those who are refused the same time at once are told the same. */
  #alternativesTo(actor: HospitalActor, slot: SlotKey): Promise<SlotDto[]> {
    const key = [
      actor.hospital.id,
      slot.providerId,
      slot.serviceId,
      slot.start.getTime(),
      ...slot.resourceIds,
      isStaff(actor),
    ].join();
    const asked = this.#alternatives.get(key);
    if (asked) return asked;
    const found = this.slots.alternatives(actor, slot, alternativesShown).finally(() => this.#alternatives.delete(key));
    this.#alternatives.set(key, found);
    return found;
  }
}
