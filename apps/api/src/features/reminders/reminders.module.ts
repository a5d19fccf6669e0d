import { Module } from '@nestjs/common';
import { NotifierModule } from '../notifications/planning/notifier.module.js';
import { ReminderPlanner } from './reminder-planner.consumer.js';
import { ReminderRunner } from './reminder-runner.js';
import { ReminderSweep } from './reminder-sweep.service.js';
import { RemindersRepository } from './reminders.repository.js';

/** For the worker: it reminds patients of their appointments. */
@Module({
  imports: [NotifierModule],
  providers: [ReminderPlanner, ReminderRunner, ReminderSweep, RemindersRepository],
  exports: [ReminderPlanner],
})
export class RemindersModule {}
