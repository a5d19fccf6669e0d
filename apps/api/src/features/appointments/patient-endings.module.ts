import { Module } from '@nestjs/common';
import { PatientEndingsRepository } from './patient-endings.repository.js';
import { PatientEndings } from './patient-endings.service.js';

/** For the feature that knows when a patient is gone. */
@Module({
  providers: [PatientEndings, PatientEndingsRepository],
  exports: [PatientEndings],
})
export class PatientEndingsModule {}
