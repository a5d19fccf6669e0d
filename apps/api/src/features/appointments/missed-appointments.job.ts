import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalRef } from '@hms/database';
import { z } from 'zod';
import { Outbox } from '../../platform/events/outbox.service.js';
import type { Job } from '../../platform/jobs/job.js';
import { EachHospital } from '../../platform/tenancy/each-hospital.service.js';
import { AppointmentMoves } from './appointment-moves.service.js';
import { AppointmentsRepository } from './appointments.repository.js';
import { MissedAppointmentsRepository, someMissed } from './missed-appointments.repository.js';

const atATime = 100;

/** Calls appointments missed to which nobody came, as staff would by hand. */
@Injectable()
export class MissedAppointmentsJob implements Job {
  readonly name = 'missed-appointments';
  readonly data = z.object({});
  readonly attempts = 1;
  readonly backoffMs = 10_000;
  readonly schedule = { everyMs: 60_000, data: {} };

  constructor(
    private readonly database: HospitalDatabase,
    private readonly eachHospital: EachHospital,
    private readonly missed: MissedAppointmentsRepository,
    private readonly appointments: AppointmentsRepository,
    private readonly moves: AppointmentMoves,
    private readonly outbox: Outbox,
  ) {}

  async run(): Promise<void> {
    await this.eachHospital.runWhere(someMissed, 'calling appointments missed', async (hospital) => {
      while ((await this.sweep(hospital, new Date())) === atATime);
    });
  }

  /** How many there were, up to a hundred. */
  async sweep(hospital: HospitalRef, now: Date): Promise<number> {
    const swept = await this.database.inHospital(hospital, async (tx) => {
      const ids = await this.missed.listMissed(tx, now, atATime);
      for (const id of ids) {
        const appointment = await this.appointments.lock(tx, id, undefined);
        if (appointment) await this.moves.move(tx, appointment, { to: 'no_show', by: null, reason: null }, now);
      }
      return ids.length;
    });
    if (swept > 0) this.outbox.wakeRelay();
    return swept;
  }
}
