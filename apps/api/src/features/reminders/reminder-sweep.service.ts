import { Inject, Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalRef, type TenantTx } from '@hms/database';
import { Counter, Gauge, type Logger, type Registry } from '@hms/service-kit';
import { Outbox } from '../../platform/events/outbox.service.js';
import { metricsRegistry, rootLogger } from '../../platform/observability/observability.tokens.js';
import { NotificationAgenda } from '../notifications/planning/notification-agenda.repository.js';
import { Notifier, type Notice } from '../notifications/planning/notifier.service.js';
import { RemindersRepository, type DueReminder } from './reminders.repository.js';

const remindersATime = 100;
const hospitalsARound = 100;
/** Of a reminder that fails. */
const putOffMs = 600_000;

/** Turns reminders whose time has come into notifications, each with the row that says so in one transaction. */
@Injectable()
export class ReminderSweep {
  readonly #ended: Counter<'outcome'>;
  readonly #lag: Gauge;

  constructor(
    private readonly database: HospitalDatabase,
    private readonly agenda: NotificationAgenda,
    private readonly reminders: RemindersRepository,
    private readonly notifier: Notifier,
    private readonly outbox: Outbox,
    @Inject(rootLogger) private readonly logger: Logger,
    @Inject(metricsRegistry) registry: Registry,
  ) {
    const registers = [registry];
    this.#ended = new Counter({
      name: 'reminders_total',
      help: 'Reminders of appointments, by what became of them',
      labelNames: ['outcome'],
      registers,
    });
    this.#lag = new Gauge({
      name: 'reminder_lag_seconds',
      help: 'How long the reminder that waits longest has been due',
      registers,
    });
  }

  /** One round over the hospitals that wait. True when there is more to do at once. */
  async run(): Promise<boolean> {
    const due = await this.agenda.hospitalsDue('reminder', [], hospitalsARound);
    const longest = due[0]?.dueAt.getTime();
    this.#lag.set(longest === undefined ? 0 : Math.max(0, Date.now() - longest) / 1_000);
    let done = 0;
    for (const { hospital } of due) {
      done += await this.#serve(hospital, remindersATime).catch((err: unknown) => {
        this.logger.error({ err, hospitalId: hospital.id }, 'reminders wait');
        return this.#serveSingly(hospital);
      });
    }
    if (done > 0) this.outbox.wakeRelay();
    return done > 0;
  }

  /** Of many that fail together, all but those that fail alone. How many ended. */
  async #serveSingly(hospital: HospitalRef): Promise<number> {
    let done = 0;
    for (let tried = 0; tried < remindersATime; tried += 1) {
      try {
        const one = await this.#serve(hospital, 1);
        if (one === 0) break;
        done += one;
      } catch (err) {
        this.logger.error({ err, hospitalId: hospital.id }, 'a reminder waits');
        const isPutOff = await this.#putOffFirst(hospital).catch(() => false);
        if (!isPutOff) break;
      }
    }
    return done;
  }

  #putOffFirst(hospital: HospitalRef): Promise<boolean> {
    return this.database.inHospital(hospital, async (tx) => {
      const [first] = await this.reminders.lockDue(tx, 1);
      if (first) await this.reminders.putOff(tx, first.id, putOffMs);
      return first !== undefined;
    });
  }

  /** How many ended. */
  #serve(hospital: HospitalRef, most: number): Promise<number> {
    return this.database.inHospital(hospital, async (tx) => {
      const due = await this.reminders.lockDue(tx, most);
      const awaited = due.filter(({ isAwaited }) => isAwaited);
      const skipped = awaited.filter(({ isSuperseded }) => isSuperseded);
      const told = await this.#tell(
        tx,
        awaited.filter(({ isSuperseded }) => !isSuperseded),
      );
      const over = new Set([...skipped, ...told].map(({ id }) => id));
      // Nobody is to come, or nobody is there to be told.
      const cancelled = due.filter(({ id }) => !over.has(id));
      await this.reminders.finish(tx, idsOf(skipped), 'skipped');
      await this.reminders.finish(tx, idsOf(cancelled), 'cancelled');
      this.#ended.inc({ outcome: 'sent' }, told.length);
      this.#ended.inc({ outcome: 'skipped' }, skipped.length);
      this.#ended.inc({ outcome: 'cancelled' }, cancelled.length);
      return due.length;
    });
  }

  async #tell(tx: TenantTx, due: readonly DueReminder[]): Promise<{ id: string; notificationId: string }[]> {
    if (due.length === 0) return [];
    const planned = await this.notifier.notify(tx, due.map(noticeOf), new Date());
    const idOf = new Map(planned.map(({ dedupeKey, id }) => [dedupeKey, id]));
    const told = due.flatMap((reminder) => {
      const notificationId = idOf.get(keyOf(reminder));
      return notificationId === undefined ? [] : [{ id: reminder.id, notificationId }];
    });
    await this.reminders.finishSent(tx, told);
    return told;
  }
}

const idsOf = (reminders: readonly DueReminder[]): string[] => reminders.map(({ id }) => id);
const keyOf = ({ appointmentId, rule }: DueReminder): string => `reminder:${appointmentId}:${rule}`;

const noticeOf = (reminder: DueReminder): Notice => {
  const { appointmentId, patientId, start, timezone, rule } = reminder;
  return {
    dedupeKey: keyOf(reminder),
    code: 'appointment-reminder',
    params: { start: start.toISOString(), zone: timezone, appointmentId, rule },
    recipient: { patientId },
    priority: 'normal',
    expiresAt: start,
    timezone,
  };
};
