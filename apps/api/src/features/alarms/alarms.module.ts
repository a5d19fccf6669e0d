import { Module } from '@nestjs/common';
import { DevicesModule } from '../devices/devices.module.js';
import { UsersModule } from '../users/users.module.js';
import { WardsModule } from '../wards/wards.module.js';
import { NotificationsController } from './delivery/notifications.controller.js';
import { NotificationsRepository } from './delivery/notifications.repository.js';
import { NotificationsService } from './delivery/notifications.service.js';
import { AlarmHandling } from './episodes/alarm-handling.service.js';
import { AlarmsController } from './episodes/alarms.controller.js';
import { AlarmsRepository } from './episodes/alarms.repository.js';
import { AlarmsService } from './episodes/alarms.service.js';
import { EscalationController } from './escalation/escalation.controller.js';
import { EscalationRepository } from './escalation/escalation.repository.js';
import { EscalationService } from './escalation/escalation.service.js';
import { LimitsController } from './limits/limits.controller.js';
import { LimitsRepository } from './limits/limits.repository.js';
import { LimitsService } from './limits/limits.service.js';
import { PatientLimitsController } from './limits/patient-limits.controller.js';
import { MonitoringController } from './monitoring/monitoring.controller.js';
import { MonitoringRepository } from './monitoring/monitoring.repository.js';
import { MonitoringService } from './monitoring/monitoring.service.js';
import { ObservationsController } from './observations/observations.controller.js';
import { ObservationsRepository } from './observations/observations.repository.js';
import { ObservationsService } from './observations/observations.service.js';
import { SuppressionsController } from './suppressions/suppressions.controller.js';
import { SuppressionsRepository } from './suppressions/suppressions.repository.js';
import { SuppressionsService } from './suppressions/suppressions.service.js';

@Module({
  imports: [DevicesModule, UsersModule, WardsModule],
  controllers: [
    AlarmsController,
    SuppressionsController,
    LimitsController,
    PatientLimitsController,
    MonitoringController,
    ObservationsController,
    EscalationController,
    NotificationsController,
  ],
  providers: [
    AlarmHandling,
    AlarmsRepository,
    AlarmsService,
    EscalationRepository,
    EscalationService,
    LimitsRepository,
    LimitsService,
    MonitoringRepository,
    MonitoringService,
    NotificationsRepository,
    NotificationsService,
    ObservationsRepository,
    ObservationsService,
    SuppressionsRepository,
    SuppressionsService,
  ],
})
export class AlarmsModule {}
