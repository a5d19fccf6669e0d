import { Module } from '@nestjs/common';
import { PatientEndingsModule } from '../appointments/patient-endings.module.js';
import { DevicesModule } from '../devices/devices.module.js';
import { UsersModule } from '../users/users.module.js';
import { WardsModule } from '../wards/wards.module.js';
import { AllergiesController } from './allergies.controller.js';
import { AllergiesRepository } from './allergies.repository.js';
import { AllergiesService } from './allergies.service.js';
import { PatientDeaths } from './patient-deaths.service.js';
import { PatientHistoryRepository } from './patient-history.repository.js';
import { PatientHistoryService } from './patient-history.service.js';
import { PatientIdentifiersRepository } from './patient-identifiers.repository.js';
import { PatientListService } from './patient-list.service.js';
import { PatientPlacement } from './patient-placement.service.js';
import { PatientSearchRepository } from './patient-search.repository.js';
import { PatientsController } from './patients.controller.js';
import { PatientsRepository } from './patients.repository.js';
import { PatientsService } from './patients.service.js';
import { RegisteredPatients } from './registered-patients.service.js';
import { SelfRegistration } from './self-registration.service.js';

@Module({
  imports: [DevicesModule, PatientEndingsModule, UsersModule, WardsModule],
  controllers: [PatientsController, AllergiesController],
  providers: [
    AllergiesRepository,
    AllergiesService,
    PatientDeaths,
    PatientHistoryRepository,
    PatientHistoryService,
    PatientIdentifiersRepository,
    PatientListService,
    PatientPlacement,
    PatientSearchRepository,
    PatientsRepository,
    PatientsService,
    RegisteredPatients,
    SelfRegistration,
  ],
  exports: [PatientDeaths, PatientPlacement, PatientsService, RegisteredPatients, SelfRegistration],
})
export class PatientsModule {}
