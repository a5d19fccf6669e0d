import { Module } from '@nestjs/common';
import { AppointmentPlacesModule } from './appointment-places.module.js';
import { MissedAppointmentsJob } from './missed-appointments.job.js';
import { MissedAppointmentsRepository } from './missed-appointments.repository.js';

/** For the worker. */
@Module({
  imports: [AppointmentPlacesModule],
  providers: [MissedAppointmentsJob, MissedAppointmentsRepository],
  exports: [MissedAppointmentsJob],
})
export class MissedAppointmentsModule {}
