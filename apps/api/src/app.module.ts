import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import type { Logger } from '@hms/service-kit';
import { AdminModule } from './features/admin/admin.module.js';
import { AlarmsModule } from './features/alarms/alarms.module.js';
import { AppointmentsModule } from './features/appointments/appointments.module.js';
import { AuditLogModule } from './features/audit/audit-log.module.js';
import { AuthModule } from './features/auth/auth.module.js';
import { BreakGlassModule } from './features/break-glass/break-glass.module.js';
import { EncountersModule } from './features/encounters/encounters.module.js';
import { ConditionsModule } from './features/conditions/conditions.module.js';
import { DevicesModule } from './features/devices/devices.module.js';
import { FirebaseModule } from './features/firebase/firebase.module.js';
import { HospitalsModule } from './features/hospitals/hospitals.module.js';
import { InpatientModule } from './features/inpatient/inpatient.module.js';
import { LiveModule } from './features/live/live.module.js';
import { NotesModule } from './features/notes/notes.module.js';
import { NotificationsModule } from './features/notifications/notifications.module.js';
import { PatientsModule } from './features/patients/patients.module.js';
import { SchedulingModule } from './features/scheduling/scheduling.module.js';
import { SessionsModule } from './features/sessions/sessions.module.js';
import { SyncModule } from './features/sync/sync.module.js';
import { TelemetryModule } from './features/telemetry/telemetry.module.js';
import { UsersModule } from './features/users/users.module.js';
import { VitalsModule } from './features/vitals/vitals.module.js';
import { TimelineModule } from './features/timeline/timeline.module.js';
import { WardsModule } from './features/wards/wards.module.js';
import { AccessModule } from './platform/access/access.module.js';
import { AuditModule } from './platform/audit/audit.module.js';
import { CacheModule } from './platform/cache/cache.module.js';
import type { ApiConfig } from './platform/config/api-config.js';
import { ConfigModule } from './platform/config/config.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { UnitOfWorkModule } from './platform/database/unit-of-work.module.js';
import { DocsModule } from './platform/docs/docs.module.js';
import { EncryptionModule } from './platform/encryption/encryption.module.js';
import { ProblemFilter } from './platform/errors/problem.filter.js';
import { validationPipe } from './platform/errors/validation.pipe.js';
import { EtagInterceptor } from './platform/http/etag.js';
import { EventsModule } from './platform/events/events.module.js';
import { IdempotencyInterceptor } from './platform/idempotency/idempotency.interceptor.js';
import { LimitsModule } from './platform/limits/limits.module.js';
import { ObservabilityModule } from './platform/observability/observability.module.js';
import { QueueBoardModule } from './platform/queue-board/queue-board.module.js';
import { rootLogger } from './platform/observability/observability.tokens.js';
import { TenancyModule } from './platform/tenancy/tenancy.module.js';

@Module({})
export class AppModule {
  /** @param features further ones, beside those of the platform */
  static with(config: ApiConfig, features: readonly Type[] = []): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        ObservabilityModule.of('api'),
        DatabaseModule,
        EncryptionModule,
        CacheModule,
        UnitOfWorkModule,
        TenancyModule,
        AccessModule,
        EventsModule,
        QueueBoardModule,
        AuditModule,
        LimitsModule,
        DocsModule,
        AuthModule,
        SessionsModule,
        FirebaseModule,
        BreakGlassModule,
        UsersModule,
        HospitalsModule,
        PatientsModule,
        ConditionsModule,
        EncountersModule,
        TimelineModule,
        NotesModule,
        NotificationsModule,
        AdminModule,
        WardsModule,
        InpatientModule,
        SchedulingModule,
        AppointmentsModule,
        DevicesModule,
        VitalsModule,
        AlarmsModule,
        TelemetryModule,
        SyncModule,
        AuditLogModule,
        LiveModule,
        ...features,
      ],
      providers: [
        { provide: APP_FILTER, inject: [rootLogger], useFactory: (logger: Logger) => new ProblemFilter(logger) },
        { provide: APP_PIPE, useFactory: validationPipe },
        // The first is the outermost: a repeated answer gets its ETag too.
        { provide: APP_INTERCEPTOR, useClass: EtagInterceptor },
        { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
      ],
    };
  }
}
