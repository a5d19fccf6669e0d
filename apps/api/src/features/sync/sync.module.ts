import { Module } from '@nestjs/common';
import { PatientsModule } from '../patients/patients.module.js';
import { UsersModule } from '../users/users.module.js';
import { WardsModule } from '../wards/wards.module.js';
import { ConflictsController } from './conflicts/conflicts.controller.js';
import { ConflictsRepository } from './conflicts/conflicts.repository.js';
import { ConflictsService } from './conflicts/conflicts.service.js';
import { SyncDevicesController } from './devices/sync-devices.controller.js';
import { SyncDevicesRepository } from './devices/sync-devices.repository.js';
import { SyncDevicesService } from './devices/sync-devices.service.js';
import { QuarantineController } from './quarantine/quarantine.controller.js';
import { QuarantineRepository } from './quarantine/quarantine.repository.js';
import { QuarantineService } from './quarantine/quarantine.service.js';
import { SyncNames } from './sync-names.service.js';

/** What people see of offline sync; the sync itself is ingest's. */
@Module({
  imports: [PatientsModule, UsersModule, WardsModule],
  controllers: [ConflictsController, QuarantineController, SyncDevicesController],
  providers: [
    ConflictsRepository,
    ConflictsService,
    QuarantineRepository,
    QuarantineService,
    SyncDevicesRepository,
    SyncDevicesService,
    SyncNames,
  ],
})
export class SyncModule {}
