import { Module } from '@nestjs/common';
import { AppointmentsModule } from '../appointments/appointments.module.js';
import { AdminUsersRepository } from './admin-users.repository.js';
import { AdminUsersService } from './admin-users.service.js';
import { AdminController } from './admin.controller.js';
import { MetricsRepository } from './metrics.repository.js';
import { MetricsService } from './metrics.service.js';

@Module({
  imports: [AppointmentsModule],
  controllers: [AdminController],
  providers: [AdminUsersRepository, AdminUsersService, MetricsRepository, MetricsService],
})
export class AdminModule {}
