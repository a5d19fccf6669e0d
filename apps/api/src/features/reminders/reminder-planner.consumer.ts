import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '@hms/contracts';
import type { TenantTx } from '@hms/database';
import type { HospitalConsumer } from '../../platform/events/event-consumer.js';
import { RemindersRepository } from './reminders.repository.js';

const types = [
  'appointment.booked',
  'appointment.checked-in',
  'appointment.started',
  'appointment.completed',
  'appointment.cancelled',
  'appointment.rescheduled',
  'appointment.missed',
  'appointment.voided',
] as const;

/** Plans what patients are reminded of. Events have no order: it looks at what the appointment is by then. */
@Injectable()
export class ReminderPlanner implements HospitalConsumer<(typeof types)[number]> {
  readonly name = 'reminder-planner';
  readonly effect = 'hospital';
  readonly types = types;
  readonly attempts = 50;

  constructor(private readonly reminders: RemindersRepository) {}

  handle({ payload }: DomainEvent<(typeof types)[number]>, tx: TenantTx): Promise<void> {
    return this.reminders.reconcile(tx, payload.id);
  }
}
