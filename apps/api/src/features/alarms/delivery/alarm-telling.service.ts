import { Injectable } from '@nestjs/common';
import type { AlarmEndCause } from '@hms/contracts';
import type { TenantTx } from '@hms/database';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { AlarmsRepository } from '../episodes/alarms.repository.js';
import { dueAfter, dueStep, lastResort, stepAfter, type LeveledStep } from '../escalation/escalation.policy.js';
import { EscalationRepository } from '../escalation/escalation.repository.js';
import { TellingRepository, type ActiveSuppression, type DueAlarm } from './telling.repository.js';

/**
 * Tells people of an alarm: the first ones when it is raised, further ones while nobody acknowledges it. The alarm, its
 * events and who is told change in one transaction, so that of several workers one tells, once.
 */
@Injectable()
export class AlarmTelling {
  constructor(
    private readonly due: TellingRepository,
    private readonly alarms: AlarmsRepository,
    private readonly escalation: EscalationRepository,
    private readonly outbox: Outbox,
  ) {}

  /** Does what is due about the alarm. False when nothing is any more, or another worker is at it. */
  async advance(tx: TenantTx, alarmId: string): Promise<boolean> {
    const alarm = await this.due.lockDue(tx, alarmId);
    if (!alarm) return false;
    const suppression = alarm.over ? undefined : await this.due.activeSuppression(tx, alarm);
    if (alarm.over) await this.#end(tx, alarm, alarm.over);
    else if (suppression) await this.#putOff(tx, alarm, suppression);
    else await this.#tell(tx, alarm);
    return true;
  }

  /** Goes on to the next step at once where nobody holds the roles of one. */
  async #tell(tx: TenantTx, alarm: DueAlarm): Promise<void> {
    if (alarm.suppressionId !== null) {
      await this.alarms.addEvent(tx, { alarmId: alarm.id, kind: 'unsuppressed', actorId: null });
      await this.#publish(tx, 'alarm.unsuppressed', alarm);
    }
    const steps = await this.#stepsOf(tx, alarm);
    let step = dueStep(steps, alarm);
    let somebody = await this.#tellStep(tx, alarm, step);
    for (let next = stepAfter(steps, step.level); !somebody && next; next = stepAfter(steps, step.level)) {
      step = next;
      somebody = await this.#tellStep(tx, alarm, step);
    }
    await this.due.update(tx, alarm.id, {
      state: 'notified',
      escalationLevel: step.level,
      escalateAt: dueAfter(steps, { step, somebody }, alarm, new Date()),
      suppressionId: null,
    });
  }

  async #stepsOf(tx: TenantTx, { wardId, priority }: DueAlarm): Promise<readonly LeveledStep[]> {
    const policies = await this.escalation.effective(tx, wardId);
    return policies.find((policy) => policy.priority === priority)?.steps ?? lastResort;
  }

  /** Whether anybody was there to be told. */
  async #tellStep(tx: TenantTx, alarm: DueAlarm, step: LeveledStep): Promise<boolean> {
    const { level, roles, channels } = step;
    const told = await this.due.membersOnWard(tx, roles, alarm.wardId);
    const detail = { level, roles: [...roles], channels: [...channels], told };
    const kind = level === 0 ? 'notified' : 'escalated';
    const eventId = await this.alarms.addEvent(tx, { alarmId: alarm.id, kind, actorId: null, detail });
    await this.due.addNotifications(tx, { alarmId: alarm.id, eventId, step, userIds: told });
    if (level === 0) await this.#publish(tx, 'alarm.notified', alarm);
    else await this.outbox.add(tx, { ...by(tx), type: 'alarm.escalated', payload: { ...about(alarm), level } });
    return told.length > 0;
  }

  /** It is told when the suppression ends, if it is still open then. */
  async #putOff(tx: TenantTx, alarm: DueAlarm, { id, endsAt }: ActiveSuppression): Promise<void> {
    if (alarm.suppressionId !== id) {
      await this.alarms.addEvent(tx, {
        alarmId: alarm.id,
        kind: 'suppressed',
        actorId: null,
        detail: { suppressionId: id },
      });
      await this.#publish(tx, 'alarm.suppressed', alarm);
    }
    await this.due.update(tx, alarm.id, { suppressionId: id, escalateAt: endsAt });
  }

  /** It was raised while that happened; what was open before has ended with it. */
  async #end(tx: TenantTx, alarm: DueAlarm, cause: AlarmEndCause): Promise<void> {
    const detail = { cause };
    await this.alarms.addEvent(tx, { alarmId: alarm.id, kind: 'resolved', actorId: null, detail });
    await this.due.end(tx, alarm.id);
    await this.#publish(tx, 'alarm.resolved', alarm);
  }

  #publish(tx: TenantTx, type: PlainAlarmEvent, alarm: DueAlarm): Promise<void> {
    return this.outbox.add(tx, { ...by(tx), type, payload: about(alarm) });
  }
}

type PlainAlarmEvent = 'alarm.notified' | 'alarm.suppressed' | 'alarm.unsuppressed' | 'alarm.resolved';

const about = ({ id, wardId, priority }: DueAlarm) => ({ id, wardId, priority });
const by = ({ hospital }: TenantTx) => ({ hospitalId: hospital.id, actorId: null });
