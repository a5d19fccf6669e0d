import { uuidv7 } from 'uuidv7';
import { TestWards } from '../../../testing/test-ward.js';

export interface ServiceOptions {
  readonly durationMin?: number;
  readonly bufferBeforeMin?: number;
  readonly bufferAfterMin?: number;
}

/** Furnishes a hospital past the API with what can be booked. */
export class TestClinic extends TestWards {
  async site(tz = 'Europe/Dublin'): Promise<string> {
    const id = uuidv7();
    await this.query('insert into {schema}.site (id, name, tz, created_by) values ($1, $2, $3, $1)', [
      id,
      `Site ${id}`,
      tz,
    ]);
    return id;
  }

  async service({ durationMin = 30, bufferBeforeMin = 0, bufferAfterMin = 0 }: ServiceOptions = {}): Promise<string> {
    const id = uuidv7();
    await this.query(
      `insert into {schema}.service_type (id, name, duration_min, buffer_before_min, buffer_after_min, created_by)
       values ($1, $2, $3, $4, $5, $1)`,
      [id, `Service ${id}`, durationMin, bufferBeforeMin, bufferAfterMin],
    );
    return id;
  }

  async resource(siteId: string, kind = 'provider', capacity = 1): Promise<string> {
    const id = uuidv7();
    await this.query(
      'insert into {schema}.resource (id, kind, name, site_id, capacity, created_by) values ($1, $2, $3, $4, $5, $1)',
      [id, kind, `Dr ${id}`, siteId, capacity],
    );
    return id;
  }

  /** Every day, all day, a slot each half hour unless said otherwise. */
  async openAlways(resourceId: string, siteId: string, slotMin = 30): Promise<void> {
    for (let weekday = 1; weekday <= 7; weekday += 1) {
      await this.query(
        `insert into {schema}.schedule_rule (id, resource_id, site_id, weekday, local_start, local_end, slot_min, created_by)
         values ($1, $2, $3, $4, '00:00', '00:00', $5, $1)`,
        [uuidv7(), resourceId, siteId, weekday, slotMin],
      );
    }
  }

  /** A provider at a site of its own, with a service, open always. */
  async clinic(options: ServiceOptions & { readonly capacity?: number; readonly tz?: string } = {}) {
    const [siteId, serviceId] = [await this.site(options.tz), await this.service(options)];
    const providerId = await this.resource(siteId, 'provider', options.capacity);
    await this.openAlways(providerId, siteId);
    return { siteId, what: { serviceId, providerId } };
  }

  /** Takes the first seat of a provider from one time to another, as if it had been booked long ago. */
  async take(providerId: string, start: string, end: string): Promise<void> {
    const [patientId, id] = [await this.patient(), uuidv7()];
    await this.query(
      `insert into {schema}.appointment (id, patient_id, provider_id, service_id, site_id, status, during, tz_at_booking,
                                         doctor_name, clinic_name)
       select $1, $2, r.id, (select s.id from {schema}.service_type s limit 1), r.site_id, 'booked',
              tstzrange($4::timestamptz, $5::timestamptz), 'UTC', 'Dr', 'Clinic'
         from {schema}.resource r where r.id = $3`,
      [id, patientId, providerId, start, end],
    );
    await this.query(
      `insert into {schema}.appointment_resource (appointment_id, resource_id, seat_no, during)
       values ($1, $2, 1, tstzrange($3::timestamptz, $4::timestamptz))`,
      [id, providerId, start, end],
    );
  }

  /** As if its minutes were over. */
  async expireHold(appointmentId: string): Promise<void> {
    for (const [table, column, key] of [
      ['appointment', 'hold_expires_at', 'id'],
      ['appointment_resource', 'expires_at', 'appointment_id'],
    ] as const) {
      await this.query(`update {schema}.${table} set ${column} = now() - interval '1 second' where ${key} = $1`, [
        appointmentId,
      ]);
    }
  }
}
