import { Injectable } from '@nestjs/common';
import { blocks, commonError } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage, type Page } from '../../platform/http/page.js';
import type { DayOrInstant } from '../scheduling/scheduling.fields.js';
import { SettingsService } from '../scheduling/settings/settings.service.js';
import { formatDay } from '@hms/scheduling';
import { AppointmentMoves } from './appointment-moves.service.js';
import { isMove, mayBeMove, successorOf, wantedBy } from './appointment.change.js';
import { detailsOf, statusOf, writtenBy } from './appointment.command.js';
import { toAppointmentDto } from './appointment.mapper.js';
import { assertMayMove, assertMayOverbook, assertMayTake, invalid, visibleTo } from './appointment.policy.js';
import type {
  AppointmentDto,
  AppointmentsQueryDto,
  ChangeAppointmentDto,
  ChangeStatusDto,
} from './appointments.dto.js';
import { appointmentError } from './appointments.errors.js';
import { AppointmentsRepository, type AppointmentRow, type TimeBound } from './appointments.repository.js';
import { BookingService } from './booking.service.js';
import type { Booking } from './placing.service.js';
import { QueueTokensService } from './queue/queue-tokens.service.js';

/** Which appointment a request is about, and which version of it was read. */
export interface AppointmentVersion {
  readonly id: string;
  /** Undefined: whichever it is. */
  readonly version: number | undefined;
}

@Injectable()
export class AppointmentsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly booking: BookingService,
    private readonly settings: SettingsService,
    private readonly appointments: AppointmentsRepository,
    private readonly moves: AppointmentMoves,
    private readonly tokens: QueueTokensService,
  ) {}

  /** By start; of whoever is no staff, their own. */
  list(actor: HospitalActor, query: AppointmentsQueryDto): Promise<Page<AppointmentDto>> {
    const { limit, cursor, status, from, to, ...rest } = query;
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { micros: 'integer', id: 'uuid' });
    const own = visibleTo(actor);
    if (own !== undefined && rest.patientId !== undefined && rest.patientId !== own)
      throw commonError('auth.forbidden');
    const filter = {
      ...rest,
      patientId: own === undefined ? rest.patientId : own,
      status: status && statusOf(status),
      from: from && boundOf(from),
      to: to && boundOf(to),
    };
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const rows = await this.appointments.list(tx, filter, after, limit + 1);
      return toPage(rows, limit, toAppointmentDto, ({ micros, id }) => [Number(micros), id]);
    });
  }

  /** @throws `appointment.not-found` */
  get(actor: HospitalActor, id: string): Promise<AppointmentDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const row = await this.appointments.find(tx, id, visibleTo(actor));
      if (!row) throw appointmentError('appointment.not-found');
      return toAppointmentDto(row);
    });
  }

  /**
   * Repeating it changes nothing.
   * @throws `appointment.not-found`, `appointment.illegal-move`, `appointment.hold-expired`, `appointment.not-missed-yet`,
   * `auth.forbidden` or `request.invalid`
   */
  changeStatus(actor: HospitalActor, id: string, { status, reason = null }: ChangeStatusDto): Promise<AppointmentDto> {
    const to = statusOf(status);
    const now = new Date();
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const before = await this.#lock(tx, actor, id);
      assertMayMove(actor, to, reason);
      if (to === 'no_show') await this.#assertMissed(tx, before, now);
      if (before.status === to) return toAppointmentDto(before);
      // Before it gets a number: nobody has two.
      this.moves.assertMayBecome(before, to, now);
      const tokenNo = to === 'checked_in' ? await this.tokens.issueFor(tx, actor, before) : before.tokenNo;
      const after = await this.moves.move(tx, before, { to, by: actor.userId, reason, tokenNo }, now);
      await this.tokens.follow(tx, actor, after);
      return toAppointmentDto(after);
    });
  }

  /** Cancels it, if it is not cancelled. @throws `appointment.not-found` or `appointment.illegal-move` */
  async cancel(actor: HospitalActor, id: string): Promise<void> {
    await this.changeStatus(actor, id, { status: 'cancelled' });
  }

  /**
   * Another time, provider, service, room or device makes a new appointment in its place, in one transaction: the new one and
   * not the old one, or the old one as it was. What is written with it, and rooms and devices when none are named, go along.
   * @throws `appointment.not-found`, `precondition.failed`, `appointment.over`, `appointment.illegal-move`, or what booking
   * throws
   */
  change(actor: HospitalActor, path: AppointmentVersion, command: ChangeAppointmentDto): Promise<AppointmentDto> {
    assertMayOverbook(actor, command.overbookReason);
    assertMayTake(actor, command.resourceIds);
    const wanted = wantedBy(command);
    const details = writtenBy(actor, detailsOf(command), { findsDoctor: false });
    const work = async (tx: TenantTx): Promise<AppointmentDto> => {
      const before = await this.#lock(tx, actor, path.id);
      if (path.version !== undefined && path.version !== before.version) throw commonError('precondition.failed');
      const along = await this.appointments.listAlong(tx, path.id);
      const changed = isMove(before, along, wanted)
        ? await this.#reschedule(tx, actor, before, successorOf(before, along, { ...wanted, details }))
        : await this.#rewrite(tx, actor, before, { details, overbookReason: wanted.overbookReason });
      return toAppointmentDto(changed);
    };
    return mayBeMove(wanted)
      ? this.booking.run(actor, wanted.providerId, work)
      : this.unitOfWork.inHospital(actor, work);
  }

  async #rewrite(
    tx: TenantTx,
    actor: HospitalActor,
    before: AppointmentRow,
    { details, overbookReason }: Pick<Booking, 'details' | 'overbookReason'>,
  ): Promise<AppointmentRow> {
    if (!blocks(before.status)) throw appointmentError('appointment.over', { detail: `It is ${before.status}` });
    if (overbookReason !== undefined && overbookReason !== before.overbookReason) {
      throw invalid('overbookReason', 'overbookReason goes with another time, provider, service, room or device');
    }
    const changed = await this.appointments.change(tx, before.id, details, actor.userId);
    await this.moves.tellChange(tx, changed, actor.userId);
    return changed;
  }

  async #reschedule(
    tx: TenantTx,
    actor: HospitalActor,
    before: AppointmentRow,
    booking: Booking,
  ): Promise<AppointmentRow> {
    const to = 'rescheduled' as const;
    // First, so that the new one may take the seat of the old one.
    const after = await this.moves.move(tx, before, { to, by: actor.userId, reason: null }, new Date());
    if (before.status === to) throw appointmentError('appointment.illegal-move');
    const successor = await this.booking.place(tx, actor, booking);
    await this.moves.tellSuccessor(tx, after, successor.id, actor.userId);
    return successor;
  }

  async #lock(tx: TenantTx, actor: HospitalActor, id: string): Promise<AppointmentRow> {
    const row = await this.appointments.lock(tx, id, visibleTo(actor));
    if (!row) throw appointmentError('appointment.not-found');
    return row;
  }

  async #assertMissed(tx: TenantTx, { start }: AppointmentRow, now: Date): Promise<void> {
    const grace = await this.settings.noShowGraceMs(tx);
    if (now.getTime() < start.getTime() + grace) throw appointmentError('appointment.not-missed-yet');
  }
}

const boundOf = (bound: DayOrInstant): TimeBound => ('day' in bound ? { day: formatDay(bound.day) } : bound);
