import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import type { TenantTx } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { UserDirectory } from '../../users/user-directory.service.js';
import { alarmError } from '../alarms.errors.js';
import { peopleOf, toAlarmDto } from './alarm.mapper.js';
import { afterMove } from './alarm.states.js';
import type { AcknowledgeAlarmDto, AlarmDto, AlarmNoteDto, CreateAlarmNoteDto, ResolveAlarmDto } from './alarms.dto.js';
import { AlarmsRepository, type AlarmRow, type LockStrength } from './alarms.repository.js';
import { assertMayBeResolved } from './resolving.policy.js';

/** What people do about an alarm. Of two at once, and of a person and ingest, the row decides who came first. */
@Injectable()
export class AlarmHandling {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly alarms: AlarmsRepository,
    private readonly users: UserDirectory,
    private readonly outbox: Outbox,
  ) {}

  /**
   * The first who says so has it; whoever comes later is answered who that is.
   * @throws `alarm.not-found` or `alarm.resolved`
   */
  async acknowledge(actor: HospitalActor, id: string, { note }: AcknowledgeAlarmDto): Promise<AlarmDto> {
    const alarm = await this.unitOfWork.inHospital(actor, async (tx) => {
      const found = await this.#lock(tx, actor, id);
      if (found.state === 'acknowledged') return found;
      const state = afterMove(found.state, 'acknowledge');
      if (!state) throw alarmError('alarm.resolved');
      await this.alarms.update(tx, id, { state, acknowledgedBy: actor.userId, acknowledgedAt: new Date() });
      await this.#tell(tx, actor, found, { kind: 'acknowledged', text: note ? { note } : undefined });
      return this.#require(tx, actor, id);
    });
    return toAlarmDto(alarm, await this.users.displayNames(peopleOf(alarm)));
  }

  /** @throws `alarm.not-found`, `alarm.resolved`, `alarm.still-present` or `alarm.ends-by-itself` */
  async resolve(actor: HospitalActor, id: string, { reason }: ResolveAlarmDto): Promise<AlarmDto> {
    const alarm = await this.unitOfWork.inHospital(actor, async (tx) => {
      const found = await this.#lock(tx, actor, id, 'update');
      if (!afterMove(found.state, 'resolve')) throw alarmError('alarm.resolved');
      assertMayBeResolved(await this.alarms.condition(tx, id));
      await this.alarms.resolve(tx, id, actor.userId);
      await this.#tell(tx, actor, found, { kind: 'resolved', text: { reason } });
      return this.#require(tx, actor, id);
    });
    return toAlarmDto(alarm, await this.users.displayNames(peopleOf(alarm)));
  }

  /** Of an alarm that is over, too. @throws `alarm.not-found` */
  note(actor: HospitalActor, id: string, { note }: CreateAlarmNoteDto): Promise<AlarmNoteDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const found = await this.#lock(tx, actor, id);
      await this.#tell(tx, actor, found, { kind: 'noted', text: { note } });
      const at = new Date().toISOString();
      return { alarmId: id, patientId: found.patientId, at, authorId: actor.userId, note };
    });
  }

  async #lock(tx: TenantTx, { wardIds }: HospitalActor, id: string, strength?: LockStrength): Promise<AlarmRow> {
    const alarm = await this.alarms.lock(tx, id, wardIds, strength);
    if (!alarm) throw alarmError('alarm.not-found');
    return alarm;
  }

  async #require(tx: TenantTx, { wardIds }: HospitalActor, id: string): Promise<AlarmRow> {
    const alarm = await this.alarms.find(tx, id, wardIds);
    if (!alarm) throw commonError('internal.error');
    return alarm;
  }

  async #tell(
    tx: TenantTx,
    actor: HospitalActor,
    { id, wardId, priority }: AlarmRow,
    { kind, text }: { kind: 'acknowledged' | 'resolved' | 'noted'; text: Record<string, string> | undefined },
  ): Promise<void> {
    const event = { alarmId: id, kind, actorId: actor.userId } as const;
    await this.alarms.addEvent(tx, text ? { ...event, detail: text } : event);
    await this.outbox.add(tx, eventBy(actor, `alarm.${kind}`, { id, wardId, priority }));
  }
}
