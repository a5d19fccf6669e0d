// A worker that reminds and sends SMS, to be killed in the middle: reminder-worker-child.mjs <Twilio account> <careful|careless>
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DeliveriesRepository } from '../../dist/features/notifications/delivery/deliveries.repository.js';
import { DeliverySweep } from '../../dist/features/notifications/delivery/delivery-sweep.service.js';
import { SmsSender } from '../../dist/features/notifications/delivery/sms-sender.js';
import { NotifierModule } from '../../dist/features/notifications/planning/notifier.module.js';
import { TwilioClient } from '../../dist/features/notifications/providers/twilio.client.js';
import { TemplatesRepository } from '../../dist/features/notifications/templates/templates.repository.js';
import { ReminderSweep } from '../../dist/features/reminders/reminder-sweep.service.js';
import { RemindersRepository } from '../../dist/features/reminders/reminders.repository.js';
import { ApiConfig } from '../../dist/platform/config/api-config.js';
import { ConfigModule } from '../../dist/platform/config/config.module.js';
import { DatabaseModule } from '../../dist/platform/database/database.module.js';
import { EventsModule } from '../../dist/platform/events/events.module.js';
import { ObservabilityModule } from '../../dist/platform/observability/observability.module.js';

const [account = '{}', mode] = process.argv.slice(2);
/** Short, so that the test need not wait for long; the provider is waited for less than half of it. */
const leaseMs = 4_000;
const patienceMs = 1_500;
const idleMs = 20;

const config = new ApiConfig(process.env);
class Worker {}
Module({})(Worker);
const app = await NestFactory.createApplicationContext(
  {
    module: Worker,
    imports: [
      ConfigModule.with(config),
      ObservabilityModule.of('worker'),
      DatabaseModule,
      EventsModule,
      NotifierModule,
    ],
    providers: [DeliveriesRepository, DeliverySweep, TemplatesRepository, ReminderSweep, RemindersRepository],
  },
  { logger: false },
);

const careful = new SmsSender(new TwilioClient(JSON.parse(account), patienceMs), config.publicUrl);
/** Repeats what is in doubt without asking. */
const careless = { channel: 'sms', concurrency: careful.concurrency, send: (...given) => careful.send(...given) };
const sender = mode === 'careless' ? careless : careful;

async function forever(round) {
  for (;;) if (!(await round().catch(() => false))) await delay(idleMs);
}
await Promise.all([
  forever(() => app.get(ReminderSweep).run()),
  forever(() => app.get(DeliverySweep).run(sender, leaseMs)),
]);
