import { expect, it } from '@jest/globals';
import { hospitalRef, type HospitalDatabase, type TenantTx } from '@hms/database';
import { Registry, type Logger } from '@hms/service-kit';
import { uuidv7 } from 'uuidv7';
import type { Outbox } from '../../platform/events/outbox.service.js';
import type { NotificationAgenda } from '../notifications/planning/notification-agenda.repository.js';
import type { Notice, Notifier } from '../notifications/planning/notifier.service.js';
import { ReminderSweep } from './reminder-sweep.service.js';
import { RemindersRepository, type DueReminder } from './reminders.repository.js';

/** Due reminders in memory; nothing of a transaction that fails stays. */
class Kept extends RemindersRepository {
  readonly sent = new Set<string>();
  readonly putOffIds = new Set<string>();

  constructor(private readonly all: readonly DueReminder[]) {
    super();
  }

  override lockDue(_: TenantTx, most: number): Promise<DueReminder[]> {
    const isDue = ({ id }: DueReminder): boolean => !this.sent.has(id) && !this.putOffIds.has(id);
    return Promise.resolve(this.all.filter(isDue).slice(0, most));
  }

  override finish(): Promise<void> {
    return Promise.resolve();
  }

  override putOff(_: TenantTx, id: string): Promise<void> {
    this.putOffIds.add(id);
    return Promise.resolve();
  }

  override finishSent(_: TenantTx, sent: readonly { id: string }[]): Promise<void> {
    for (const { id } of sent) this.sent.add(id);
    return Promise.resolve();
  }
}

it('a reminder that cannot be told is put off, and keeps none of the others from being sent', async () => {
  const hospital = hospitalRef({ id: uuidv7(), slug: 'north' });
  const due = Array.from({ length: 5 }, (): DueReminder => ({
    id: uuidv7(),
    rule: '24h',
    appointmentId: uuidv7(),
    patientId: uuidv7(),
    start: new Date(Date.now() + 3_600_000),
    timezone: 'UTC',
    isAwaited: true,
    isSuperseded: false,
  }));
  const bad = due[2];
  const kept = new Kept(due);
  const fakes = {
    database: { inHospital: (_: unknown, work: (tx: object) => unknown) => work({ hospital }) },
    agenda: { hospitalsDue: () => Promise.resolve([{ hospital, dueAt: new Date() }]) },
    notifier: {
      notify: (_: unknown, notices: readonly Notice[]) =>
        notices.some(({ params }) => params['appointmentId'] === bad?.appointmentId)
          ? Promise.reject(new Error('not tellable'))
          : Promise.resolve(notices.map(({ dedupeKey }) => ({ dedupeKey, id: uuidv7() }))),
    },
    outbox: { wakeRelay: () => undefined },
    logger: { error: () => undefined },
  };
  const sweep = new ReminderSweep(
    fakes.database as unknown as HospitalDatabase,
    fakes.agenda as unknown as NotificationAgenda,
    kept,
    fakes.notifier as unknown as Notifier,
    fakes.outbox as unknown as Outbox,
    fakes.logger as unknown as Logger,
    new Registry(),
  );
  expect(await sweep.run()).toBe(true);
  expect([...kept.putOffIds]).toEqual([bad?.id]);
  expect([...kept.sent].sort()).toEqual(due.flatMap(({ id }) => (id === bad?.id ? [] : [id])).sort());
});
