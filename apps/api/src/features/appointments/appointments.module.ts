import { Module } from '@nestjs/common';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { AppointmentPlacesModule } from './appointment-places.module.js';
import { AppointmentsController } from './appointments.controller.js';
import { AppointmentsService } from './appointments.service.js';
import { BookingService } from './booking.service.js';
import { CalendarFeedsController } from './calendar/calendar-feeds.controller.js';
import { CalendarFeedsRepository } from './calendar/calendar-feeds.repository.js';
import { CalendarFeedsService } from './calendar/calendar-feeds.service.js';
import { QueueTokensController } from './queue/queue-tokens.controller.js';
import { QueueTokensRepository } from './queue/queue-tokens.repository.js';
import { QueueTokensService } from './queue/queue-tokens.service.js';
import { WaitlistController } from './waitlist/waitlist.controller.js';
import { WaitlistService } from './waitlist/waitlist.service.js';

@Module({
  imports: [SchedulingModule, AppointmentPlacesModule],
  controllers: [AppointmentsController, QueueTokensController, WaitlistController, CalendarFeedsController],
  providers: [
    BookingService,
    AppointmentsService,
    QueueTokensRepository,
    QueueTokensService,
    WaitlistService,
    CalendarFeedsRepository,
    CalendarFeedsService,
  ],
  exports: [AppointmentPlacesModule, AppointmentsService],
})
export class AppointmentsModule {}
