import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { PatientsModule } from '../patients/patients.module.js';
import { ExternalIdentitiesRepository } from './external-identities.repository.js';
import { FirebaseController } from './firebase.controller.js';
import { FirebaseKeys } from './firebase-keys.service.js';
import { FirebaseSignIn } from './firebase-sign-in.service.js';
import { PatientAccounts } from './patient-accounts.service.js';

@Module({
  imports: [AuthModule, PatientsModule],
  controllers: [FirebaseController],
  providers: [ExternalIdentitiesRepository, FirebaseKeys, FirebaseSignIn, PatientAccounts],
})
export class FirebaseModule {}
