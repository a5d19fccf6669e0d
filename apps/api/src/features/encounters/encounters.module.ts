import { Module } from '@nestjs/common';
import { PatientsModule } from '../patients/patients.module.js';
import { DiagnosesRepository } from './diagnoses/diagnoses.repository.js';
import { DiagnosesService } from './diagnoses/diagnoses.service.js';
import { Icd10Controller } from './diagnoses/icd10.controller.js';
import { Icd10Repository } from './diagnoses/icd10.repository.js';
import { Icd10Service } from './diagnoses/icd10.service.js';
import { EncountersController } from './encounters.controller.js';
import { EncountersRepository } from './encounters.repository.js';
import { EncountersService } from './encounters.service.js';
import { EncounterSettingsController } from './settings/encounter-settings.controller.js';
import { EncounterSettingsRepository } from './settings/encounter-settings.repository.js';
import { EncounterSettingsService } from './settings/encounter-settings.service.js';
import { WorklistController } from './worklist.controller.js';

@Module({
  imports: [PatientsModule],
  controllers: [EncountersController, EncounterSettingsController, Icd10Controller, WorklistController],
  providers: [
    DiagnosesRepository,
    DiagnosesService,
    EncountersRepository,
    EncountersService,
    EncounterSettingsRepository,
    EncounterSettingsService,
    Icd10Repository,
    Icd10Service,
  ],
})
export class EncountersModule {}
