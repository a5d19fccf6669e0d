import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { Logger } from '@hms/service-kit';
import { AccountMails } from './features/account-mail/account-mail.consumer.js';
import { AccountMailModule } from './features/account-mail/account-mail.module.js';
import { AlarmDeliveryModule } from './features/alarms/alarm-delivery.module.js';
import { AlarmTeller } from './features/alarms/delivery/alarm-teller.consumer.js';
import { MissedAppointmentsJob } from './features/appointments/missed-appointments.job.js';
import { MissedAppointmentsModule } from './features/appointments/missed-appointments.module.js';
import { AppointmentJobsModule } from './features/appointments/appointment-places.module.js';
import { ExpiredHoldsJob } from './features/appointments/waitlist/expired-holds.job.js';
import { WaitlistOffersConsumer } from './features/appointments/waitlist/waitlist-offers.consumer.js';
import { BreakGlassMailModule } from './features/break-glass/break-glass-mail.module.js';
import { BreakGlassReviewMails } from './features/break-glass/break-glass-review-mails.consumer.js';
import { BreakGlassMails } from './features/break-glass/break-glass-mails.consumer.js';
import { PasswordSprayingJob } from './features/auth/password-spraying.job.js';
import { PasswordSprayingModule } from './features/auth/password-spraying.module.js';
import { SilentDevicesJob } from './features/devices/silent-devices.job.js';
import { SilentDevicesModule } from './features/devices/silent-devices.module.js';
import { BroadcastPages } from './features/notifications/broadcasts/broadcast-pages.consumer.js';
import { NotificationDeliveryModule } from './features/notifications/notification-delivery.module.js';
import { NotificationRetentionJob } from './features/notifications/upkeep/notification-retention.job.js';
import { UnservedChannelsJob } from './features/notifications/upkeep/unserved-channels.job.js';
import { ReminderPlanner } from './features/reminders/reminder-planner.consumer.js';
import { RemindersModule } from './features/reminders/reminders.module.js';
import { SignInCleanupJob } from './features/sessions/sign-in-cleanup.job.js';
import { SignInCleanupModule } from './features/sessions/sign-in-cleanup.module.js';
import { TelemetryCleanupJob } from './features/vitals/telemetry-cleanup.job.js';
import { TelemetryCleanupModule } from './features/vitals/telemetry-cleanup.module.js';
import { TelemetryPartitionsJob } from './features/vitals/telemetry-partitions.job.js';
import { TelemetryPartitionsModule } from './features/vitals/telemetry-partitions.module.js';
import { TelemetryRetirementJob } from './features/vitals/telemetry-retirement.job.js';
import { VitalsRollupJob } from './features/vitals/vitals-rollup.job.js';
import { VitalsRollupModule } from './features/vitals/vitals-rollup.module.js';
import { AccessModule } from './platform/access/access.module.js';
import { AuditModule } from './platform/audit/audit.module.js';
import { AuditSequencerModule } from './platform/audit/audit-sequencer.module.js';
import { CacheEviction } from './platform/cache/cache-eviction.consumer.js';
import { CacheModule } from './platform/cache/cache.module.js';
import { FeedEvictionModule } from './platform/cache/feed-eviction.module.js';
import type { ApiConfig } from './platform/config/api-config.js';
import { ConfigModule } from './platform/config/config.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { EncryptionModule } from './platform/encryption/encryption.module.js';
import { ProblemFilter } from './platform/errors/problem.filter.js';
import { EventsModule } from './platform/events/events.module.js';
import { IdempotencyExpiryJob } from './platform/idempotency/idempotency-expiry.job.js';
import { IdempotencyModule } from './platform/idempotency/idempotency.module.js';
import { OutboxCleanupJob } from './platform/events/outbox-cleanup.job.js';
import { OutboxCleanupModule, RelayModule } from './platform/events/relay.module.js';
import { JobsModule } from './platform/jobs/jobs.module.js';
import { LimitsModule } from './platform/limits/limits.module.js';
import { ObservabilityModule } from './platform/observability/observability.module.js';
import { rootLogger } from './platform/observability/observability.tokens.js';
import { TenancyModule } from './platform/tenancy/tenancy.module.js';

/** What is done again and again, and what it is made of. */
const jobs = [
  TelemetryPartitionsJob,
  TelemetryCleanupJob,
  VitalsRollupJob,
  SilentDevicesJob,
  TelemetryRetirementJob,
  IdempotencyExpiryJob,
  OutboxCleanupJob,
  MissedAppointmentsJob,
  PasswordSprayingJob,
  SignInCleanupJob,
  ExpiredHoldsJob,
  NotificationRetentionJob,
  UnservedChannelsJob,
];
const jobModules = [
  TelemetryPartitionsModule,
  TelemetryCleanupModule,
  VitalsRollupModule,
  SilentDevicesModule,
  IdempotencyModule,
  OutboxCleanupModule,
  MissedAppointmentsModule,
  PasswordSprayingModule,
  SignInCleanupModule,
  AppointmentJobsModule,
  NotificationDeliveryModule,
];
/** Who is told of events. */
const consumers = [
  AccountMails,
  AlarmTeller,
  BreakGlassMails,
  BreakGlassReviewMails,
  BroadcastPages,
  CacheEviction,
  ReminderPlanner,
  WaitlistOffersConsumer,
];
const consumerModules = [
  AccountMailModule,
  AlarmDeliveryModule,
  BreakGlassMailModule,
  CacheModule,
  NotificationDeliveryModule,
  RemindersModule,
  AppointmentJobsModule,
];

@Module({})
export class WorkerModule {
  static with(config: ApiConfig): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        ConfigModule.with(config),
        ObservabilityModule.of('worker'),
        DatabaseModule,
        EncryptionModule,
        CacheModule,
        FeedEvictionModule,
        AccessModule,
        EventsModule,
        AuditModule,
        AuditSequencerModule,
        TenancyModule,
        LimitsModule,
        JobsModule.running(jobs, jobModules),
        RelayModule.serving(consumers, consumerModules),
      ],
      providers: [
        { provide: APP_FILTER, inject: [rootLogger], useFactory: (logger: Logger) => new ProblemFilter(logger) },
      ],
    };
  }
}
