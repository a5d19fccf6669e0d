import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { HospitalsController } from './hospitals.controller.js';
import { HospitalsRepository } from './hospitals.repository.js';
import { HospitalsService } from './hospitals.service.js';

@Module({
  imports: [UsersModule],
  controllers: [HospitalsController],
  providers: [HospitalsRepository, HospitalsService],
})
export class HospitalsModule {}
