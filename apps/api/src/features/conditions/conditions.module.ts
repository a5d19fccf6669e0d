import { Module } from '@nestjs/common';
import { PatientsModule } from '../patients/patients.module.js';
import { ConditionsController } from './conditions.controller.js';
import { ConditionsRepository } from './conditions.repository.js';
import { ConditionsService } from './conditions.service.js';

@Module({
  imports: [PatientsModule],
  controllers: [ConditionsController],
  providers: [ConditionsRepository, ConditionsService],
})
export class ConditionsModule {}
