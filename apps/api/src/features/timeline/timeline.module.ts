import { Module } from '@nestjs/common';
import { DevicesModule } from '../devices/devices.module.js';
import { PatientsModule } from '../patients/patients.module.js';
import { TimelineController } from './timeline.controller.js';
import { TimelineRepository } from './timeline.repository.js';
import { TimelineService } from './timeline.service.js';

@Module({
  imports: [DevicesModule, PatientsModule],
  controllers: [TimelineController],
  providers: [TimelineRepository, TimelineService],
})
export class TimelineModule {}
