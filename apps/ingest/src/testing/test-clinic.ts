import { uuidv7 } from 'uuidv7';
import type { TestHospital } from './test-hospital.js';

/** A provider who is always there, and what they offer. */
export interface TestClinic {
  readonly siteId: string;
  readonly providerId: string;
  readonly serviceId: string;
}

export interface ClinicOptions {
  readonly capacity?: number;
  readonly tz?: string;
}

/** A provider at a site of their own, with a service of half an hour that starts each half hour. */
export async function openClinic(
  hospital: TestHospital,
  { capacity = 1, tz = 'UTC' }: ClinicOptions = {},
): Promise<TestClinic> {
  const [siteId, providerId, serviceId] = [uuidv7(), uuidv7(), uuidv7()];
  await hospital.rows('insert into {schema}.site (id, name, tz, created_by) values ($1, $2, $3, $1)', [
    siteId,
    `Site ${siteId}`,
    tz,
  ]);
  await hospital.rows(
    'insert into {schema}.service_type (id, name, duration_min, created_by) values ($1, $2, 30, $1)',
    [serviceId, `Service ${serviceId}`],
  );
  await hospital.rows(
    `insert into {schema}.resource (id, kind, name, site_id, capacity, created_by) values ($1, 'provider', 'Dr Test', $2, $3, $1)`,
    [providerId, siteId, capacity],
  );
  await hospital.rows(
    `insert into {schema}.schedule_rule (id, resource_id, site_id, weekday, local_start, local_end, slot_min, created_by)
     select gen_random_uuid(), $1, $2, day, '00:00', '00:00', 30, $1 from generate_series(1, 7) day`,
    [providerId, siteId],
  );
  return { siteId, providerId, serviceId };
}

/** A time some hours ahead at which a slot starts. */
export function slotIn(hours: number): string {
  const half = 30 * 60_000;
  return new Date(Math.ceil((Date.now() + hours * 3_600_000) / half) * half).toISOString();
}

/** Books past the services, as who writes SQL does: all of it or nothing. @returns whether the seat was free */
export async function bookBySql(
  hospital: TestHospital,
  { siteId, providerId, serviceId }: TestClinic,
  { patientId, start }: { readonly patientId: string; readonly start: string },
): Promise<boolean> {
  const id = uuidv7();
  const during = `tstzrange('${start}', timestamptz '${start}' + interval '30 minutes')`;
  try {
    await hospital.rows(`
      insert into {schema}.appointment (id, patient_id, provider_id, service_id, site_id, status, during, tz_at_booking,
                                        doctor_name, clinic_name, created_by, updated_by)
      values ('${id}', '${patientId}', '${providerId}', '${serviceId}', '${siteId}', 'booked', ${during}, 'UTC', 'Dr', 'Site',
              '${id}', '${id}');
      insert into {schema}.appointment_resource (appointment_id, resource_id, seat_no, during)
      values ('${id}', '${providerId}', 1, ${during})`);
    return true;
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === '23P01') return false;
    throw err;
  }
}
