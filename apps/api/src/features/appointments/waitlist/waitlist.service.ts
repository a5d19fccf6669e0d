import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page } from '../../../platform/http/page.js';
import { invalid, patientFor, visibleTo } from '../appointment.policy.js';
import { appointmentError } from '../appointments.errors.js';
import { AppointmentsRepository } from '../appointments.repository.js';
import type { JoinWaitlistDto, WaitlistEntryDto, WaitlistQueryDto } from './waitlist.dto.js';
import { WaitlistRepository, type WaitlistRow } from './waitlist.repository.js';

const maxDays = 366;

/** Who wants a time that is taken. When one comes free, whoever has waited longest for it is offered it. */
@Injectable()
export class WaitlistService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly appointments: AppointmentsRepository,
    private readonly entries: WaitlistRepository,
    private readonly outbox: Outbox,
  ) {}

  /** In the order they came; of whoever is no staff, their own. */
  list(actor: HospitalActor, { limit, cursor, ...filter }: WaitlistQueryDto): Promise<Page<WaitlistEntryDto>> {
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const rows = await this.entries.list(tx, { ...filter, patientId: visibleTo(actor) }, after, limit + 1);
      return toPage(rows, limit, toEntryDto, ({ id }) => [id]);
    });
  }

  /** @throws `appointment.patient-deceased`, `request.invalid` or `auth.forbidden` */
  join(actor: HospitalActor, command: JoinWaitlistDto): Promise<WaitlistEntryDto> {
    const { serviceId, providerId = null, siteId = null, from, to } = command;
    const patientId = patientFor(actor, command.patientId);
    if (to <= from || to.getTime() <= Date.now()) throw invalid('to', 'to must be after from, and not over');
    if (to.getTime() - from.getTime() > maxDays * 86_400_000)
      throw invalid('to', 'to must be at most a year after from');
    return this.unitOfWork.inHospital(actor, async (tx) => {
      if (!(await this.appointments.lockPatient(tx, patientId))) throw invalid('patientId', 'there is no such patient');
      const entry = await this.entries.insert(tx, { patientId, serviceId, providerId, siteId, from, to }, actor.userId);
      const { id, version } = entry;
      await this.outbox.add(tx, eventBy(actor, 'waitlist.joined', { id, patientId, version }));
      return toEntryDto(entry);
    });
  }

  /** Ends the waiting. What was booked stays booked. @throws `waitlist.not-found` */
  async leave(actor: HospitalActor, id: string): Promise<void> {
    await this.unitOfWork.inHospital(actor, async (tx) => {
      const entry = await this.entries.find(tx, id, visibleTo(actor));
      if (!entry) throw appointmentError('waitlist.not-found');
      if (await this.entries.close(tx, id)) {
        const { patientId, version } = entry;
        await this.outbox.add(tx, eventBy(actor, 'waitlist.left', { id, patientId, version: version + 1 }));
      }
      return toEntryDto(entry);
    });
  }
}

const toEntryDto = (row: WaitlistRow): WaitlistEntryDto => ({
  ...row,
  from: row.from.toISOString(),
  to: row.to.toISOString(),
  createdAt: row.createdAt.toISOString(),
});
