import { uuidv7 } from 'uuidv7';
import { TestClinic } from '../../appointments/testing/test-clinic.js';

export interface TestAppointment {
  readonly id: string;
  readonly patientId: string;
  readonly phone: string;
}

/** Appointments past the API, each of a patient who has a phone and nothing else. */
export class TestAppointments extends TestClinic {
  #clinic: ReturnType<TestClinic['clinic']> | undefined;

  async appointment(start: Date | string, tz = 'Europe/Dublin'): Promise<TestAppointment> {
    const [first] = await this.appointments(1, start, tz);
    if (!first) throw new Error('no appointment was made');
    return first;
  }

  async appointments(count: number, start: Date | string, tz = 'Europe/Dublin'): Promise<TestAppointment[]> {
    this.#clinic ??= this.clinic();
    const {
      siteId,
      what: { serviceId, providerId },
    } = await this.#clinic;
    const made = Array.from({ length: count }, () => {
      const patientId = uuidv7();
      return {
        id: uuidv7(),
        patientId,
        phone: `+353${BigInt(`0x${patientId.slice(-9)}`)
          .toString()
          .padStart(11, '0')}`,
      };
    });
    const columns = [made.map(({ id }) => id), made.map(({ patientId }) => patientId), made.map(({ phone }) => phone)];
    await this.query(
      `insert into {schema}.patient (id, mrn, family_name, given_name, phone, created_by, updated_by)
       select p, p, 'Muster', 'Test', f, p, p from unnest($1::uuid[], $2::text[]) as t (p, f)`,
      [columns[1], columns[2]],
    );
    await this.query(
      `insert into {schema}.appointment (id, patient_id, provider_id, service_id, site_id, status, during, tz_at_booking,
                                         doctor_name, clinic_name, created_by, updated_by)
       select a, p, $3, $4, $5, 'booked', tstzrange($6::timestamptz, $6::timestamptz + interval '30 minutes'), $7,
              'Dr. Otieno', 'Oncology', p, p
         from unnest($1::uuid[], $2::uuid[]) as t (a, p)`,
      [columns[0], columns[1], providerId, serviceId, siteId, start, tz],
    );
    return made;
  }

  /** Reminders of these appointments that are due now. */
  async due(appointments: readonly TestAppointment[], rule = '24h'): Promise<void> {
    await this.query(
      `insert into {schema}.reminder (id, appointment_id, appointment_version, rule, due_at)
       select public.uuid_v7(), a, 1, $2, now() from unnest($1::uuid[]) as a`,
      [appointments.map(({ id }) => id), rule],
    );
  }

  /** Rule, state and time of each reminder of an appointment, by its time. */
  reminders(appointmentId: string) {
    return this.query<{ rule: string; status: string; due: Date | null }>(
      `select rule, status, due_at as due from {schema}.reminder where appointment_id = $1
        order by array_position('{72h,24h,2h}', rule)`,
      [appointmentId],
    );
  }
}
