import { Injectable } from '@nestjs/common';
import type { AppointmentStatus } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page } from '../../../platform/http/page.js';
import { invalid } from '../appointment.policy.js';
import { appointmentError } from '../appointments.errors.js';
import { AppointmentsRepository, type AppointmentRow } from '../appointments.repository.js';
import type { TokenStatus } from './queue-token.states.js';
import type {
  CallNextDto,
  ChangeTokenDto,
  IssueTokenDto,
  QueueTokenDto,
  QueueTokensQueryDto,
} from './queue-tokens.dto.js';
import { QueueTokensRepository, type Queue, type QueueTokenRow } from './queue-tokens.repository.js';

/** What of an appointment's state its token follows. */
const followed: Partial<Readonly<Record<AppointmentStatus, TokenStatus>>> = {
  in_progress: 'done',
  cancelled: 'left',
  entered_in_error: 'left',
};

/** Who has come and waits: with an appointment from check-in on, or without one. */
@Injectable()
export class QueueTokensService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly appointments: AppointmentsRepository,
    private readonly tokens: QueueTokensRepository,
    private readonly outbox: Outbox,
  ) {}

  /** By number. @throws `request.invalid` */
  list(actor: HospitalActor, query: QueueTokensQueryDto): Promise<Page<QueueTokenDto>> {
    const { limit, cursor, siteId, serviceId, status } = query;
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { number: 'integer' }).number;
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const day = query.day ?? (await this.#queueToday(tx, query)).day;
      const rows = await this.tokens.list(tx, { siteId, serviceId, day, status }, after, limit + 1);
      return toPage(rows, limit, toQueueTokenDto, ({ number }) => [number]);
    });
  }

  /** For somebody who walked in. @throws `appointment.patient-deceased` or `request.invalid` */
  issue(actor: HospitalActor, { siteId, serviceId, patientId }: IssueTokenDto): Promise<QueueTokenDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      if (!(await this.appointments.lockPatient(tx, patientId))) throw invalid('patientId', 'there is no such patient');
      const queue = await this.#queueToday(tx, { siteId, serviceId }, { forNewcomers: true });
      return toQueueTokenDto(await this.#issue(tx, actor, queue, { patientId, appointmentId: null }));
    });
  }

  /** Calls whoever has waited longest. @throws `queue.empty` or `request.invalid` */
  callNext(actor: HospitalActor, command: CallNextDto): Promise<QueueTokenDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const called = await this.tokens.callNext(tx, await this.#queueToday(tx, command), actor.userId);
      if (!called) throw appointmentError('queue.empty');
      await this.#tell(tx, actor, called);
      return toQueueTokenDto(called);
    });
  }

  /** Repeating it changes nothing. @throws `queue-token.not-found` or `queue-token.illegal-move` */
  change(actor: HospitalActor, id: string, { status }: ChangeTokenDto): Promise<QueueTokenDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const before = await this.tokens.find(tx, id);
      if (!before) throw appointmentError('queue-token.not-found');
      if (before.status === status) return toQueueTokenDto(before);
      const token = await this.tokens.move(tx, id, status, actor.userId);
      if (!token) throw appointmentError('queue-token.illegal-move', { detail: `It is ${before.status}` });
      await this.#tell(tx, actor, token);
      return toQueueTokenDto(token);
    });
  }

  /** The number of an appointment that is being checked in. */
  async issueFor(tx: TenantTx, actor: HospitalActor, appointment: AppointmentRow): Promise<number> {
    const { id, siteId, serviceId, patientId } = appointment;
    const queue = await this.#queueToday(tx, { siteId, serviceId });
    return (await this.#issue(tx, actor, queue, { patientId, appointmentId: id })).number;
  }

  /** After an appointment went to another state. */
  async follow(tx: TenantTx, actor: HospitalActor, { id, status }: AppointmentRow): Promise<void> {
    const to = followed[status];
    const token = to && (await this.tokens.follow(tx, id, to, actor.userId));
    if (token) await this.#tell(tx, actor, token);
  }

  /** What went out of use takes nobody new, and serves those it took. */
  async #queueToday(
    tx: TenantTx,
    { siteId, serviceId }: Omit<Queue, 'day'>,
    { forNewcomers = false } = {},
  ): Promise<Queue> {
    const today = await this.tokens.today(tx, { siteId, serviceId }, new Date());
    if (!today || (forNewcomers && !today.isInUse)) throw invalid('siteId', 'there is no such site or service');
    return { siteId, serviceId, day: today.day };
  }

  async #issue(
    tx: TenantTx,
    actor: HospitalActor,
    queue: Queue,
    whose: { readonly patientId: string; readonly appointmentId: string | null },
  ): Promise<QueueTokenRow> {
    const number = await this.tokens.nextNumber(tx, queue);
    const token = await this.tokens.insert(tx, { ...queue, ...whose, number }, actor.userId);
    await this.#tell(tx, actor, token);
    return token;
  }

  #tell(tx: TenantTx, actor: HospitalActor, { id, patientId, version }: QueueTokenRow): Promise<void> {
    return this.outbox.add(tx, eventBy(actor, 'queue-token.changed', { id, patientId, version }));
  }
}

const toQueueTokenDto = (row: QueueTokenRow): QueueTokenDto => ({
  ...row,
  calledAt: row.calledAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
});
