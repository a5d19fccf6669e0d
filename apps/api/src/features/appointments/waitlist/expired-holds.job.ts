import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalRef } from '@hms/database';
import { z } from 'zod';
import type { Job } from '../../../platform/jobs/job.js';
import { EachHospital } from '../../../platform/tenancy/each-hospital.service.js';
import { AppointmentMoves } from '../appointment-moves.service.js';
import { AppointmentsRepository, holdsExpired } from '../appointments.repository.js';
import { WaitlistOffers } from './waitlist-offers.service.js';

const batch = 100;

/** Takes away holds that expired and that nobody booked over, and offers their times to those who wait. */
@Injectable()
export class ExpiredHoldsJob implements Job {
  readonly name = 'expired-holds';
  readonly data = z.object({});
  readonly attempts = 1;
  readonly backoffMs = 10_000;
  readonly schedule = { everyMs: 30_000, data: {} };

  constructor(
    private readonly database: HospitalDatabase,
    private readonly eachHospital: EachHospital,
    private readonly appointments: AppointmentsRepository,
    private readonly moves: AppointmentMoves,
    private readonly offers: WaitlistOffers,
  ) {}

  run(): Promise<void> {
    return this.eachHospital.runWhere(holdsExpired, 'taking away expired holds', async (hospital) => {
      while ((await this.sweep(hospital)) === batch);
    });
  }

  /** How many were taken away. */
  sweep(hospital: HospitalRef): Promise<number> {
    return this.database.inHospital(hospital, async (tx) => {
      const expired = await this.appointments.sweepExpiredHolds(tx, new Date(), batch);
      await this.moves.tellExpired(tx, expired);
      for (const appointment of expired) await this.offers.offer(tx, appointment);
      return expired.length;
    });
  }
}
