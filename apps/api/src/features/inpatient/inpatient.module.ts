import { Module } from '@nestjs/common';
import { DevicesModule } from '../devices/devices.module.js';
import { PatientsModule } from '../patients/patients.module.js';
import { UsersModule } from '../users/users.module.js';
import { WardsModule } from '../wards/wards.module.js';
import { AdmissionDesk } from './admissions/admission-desk.service.js';
import { AdmissionsController } from './admissions/admissions.controller.js';
import { AdmissionsRepository } from './admissions/admissions.repository.js';
import { AdmissionsService } from './admissions/admissions.service.js';
import { BedAssignmentsRepository } from './admissions/bed-assignments.repository.js';
import { InpatientEncountersRepository } from './admissions/inpatient-encounters.repository.js';
import { StaysService } from './admissions/stays.service.js';
import { BedsController } from './beds/beds.controller.js';
import { BedsRepository } from './beds/beds.repository.js';
import { BedsService } from './beds/beds.service.js';
import { BoardController } from './board/board.controller.js';
import { BoardRepository } from './board/board.repository.js';
import { BoardService } from './board/board.service.js';
import { DischargesController } from './discharges/discharges.controller.js';
import { DischargesRepository } from './discharges/discharges.repository.js';
import { DischargesService } from './discharges/discharges.service.js';

@Module({
  imports: [DevicesModule, PatientsModule, UsersModule, WardsModule],
  controllers: [BedsController, AdmissionsController, DischargesController, BoardController],
  providers: [
    AdmissionDesk,
    AdmissionsRepository,
    AdmissionsService,
    BedAssignmentsRepository,
    BedsRepository,
    BedsService,
    BoardRepository,
    BoardService,
    DischargesRepository,
    DischargesService,
    InpatientEncountersRepository,
    StaysService,
  ],
})
export class InpatientModule {}
