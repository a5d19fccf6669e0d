import { Module } from '@nestjs/common';
import { SlotsModule } from '../scheduling/slots/slots.module.js';
import { AppointmentMoves } from './appointment-moves.service.js';
import { AppointmentsRepository } from './appointments.repository.js';
import { Placing } from './placing.service.js';
import { ExpiredHoldsJob } from './waitlist/expired-holds.job.js';
import { WaitlistOffersConsumer } from './waitlist/waitlist-offers.consumer.js';
import { WaitlistOffers } from './waitlist/waitlist-offers.service.js';
import { WaitlistRepository } from './waitlist/waitlist.repository.js';

/** What puts appointments into the schedule and moves them: for requests and for the worker alike. */
@Module({
  imports: [SlotsModule],
  providers: [AppointmentsRepository, AppointmentMoves, Placing, WaitlistRepository, WaitlistOffers],
  exports: [AppointmentsRepository, AppointmentMoves, Placing, WaitlistRepository, WaitlistOffers],
})
export class AppointmentPlacesModule {}

/** What the worker does about appointments. */
@Module({
  imports: [AppointmentPlacesModule],
  providers: [WaitlistOffersConsumer, ExpiredHoldsJob],
  exports: [WaitlistOffersConsumer, ExpiredHoldsJob],
})
export class AppointmentJobsModule {}
