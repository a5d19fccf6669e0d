import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '@hms/contracts';
import type { TenantTx } from '@hms/database';
import type { HospitalConsumer } from '../../../platform/events/event-consumer.js';
import { AppointmentsRepository } from '../appointments.repository.js';
import { WaitlistOffers } from './waitlist-offers.service.js';

type Freeing = 'appointment.cancelled' | 'appointment.rescheduled' | 'appointment.voided';

/** A time that comes free is offered to whoever waits for it. */
@Injectable()
export class WaitlistOffersConsumer implements HospitalConsumer<Freeing> {
  readonly name = 'waitlist-offers';
  readonly effect = 'hospital';
  readonly types = ['appointment.cancelled', 'appointment.rescheduled', 'appointment.voided'] as const;

  constructor(
    private readonly appointments: AppointmentsRepository,
    private readonly offers: WaitlistOffers,
  ) {}

  async handle({ payload }: DomainEvent<Freeing>, tx: TenantTx): Promise<void> {
    const appointment = await this.appointments.find(tx, payload.id, undefined);
    if (appointment) await this.offers.offer(tx, appointment);
  }
}
