import { randomUUID } from 'node:crypto';

/** @import pg from 'pg' */

/**
 * @typedef {object} Clinics
 * @property {string} siteId
 * @property {string} serviceId of half an hour
 * @property {string[]} providerIds
 */

/**
 * Providers at a new site, open 09:00 to 17:00 from Monday to Friday with a slot each half hour.
 * @param {pg.Client} owner
 * @param {{ schema: string, count: number }} wanted
 * @returns {Promise<Clinics>}
 */
export async function openClinics(owner, { schema, count }) {
  const [siteId, serviceId, somebody] = [randomUUID(), randomUUID(), randomUUID()];
  await owner.query(`insert into ${schema}.site (id, name, tz, created_by) values ($1, $2, 'Europe/London', $3)`, [
    siteId,
    `Bench ${siteId}`,
    somebody,
  ]);
  await owner.query(`insert into ${schema}.service_type (id, name, duration_min, created_by) values ($1, $2, 30, $3)`, [
    serviceId,
    `Bench ${serviceId}`,
    somebody,
  ]);
  const { rows } = await owner.query(
    `insert into ${schema}.resource (id, kind, name, site_id, created_by)
     select gen_random_uuid(), 'provider', 'Dr Bench ' || n, $1, $2 from generate_series(1, $3::int) n returning id`,
    [siteId, somebody, count],
  );
  await owner.query(
    `insert into ${schema}.schedule_rule (id, resource_id, site_id, service_ids, weekday, local_start, local_end, slot_min, created_by)
     select gen_random_uuid(), r.id, $1, array[$2::uuid], d, '09:00', '17:00', 30, $3
       from ${schema}.resource r, generate_series(1, 5) d where r.site_id = $1`,
    [siteId, serviceId, somebody],
  );
  return { siteId, serviceId, providerIds: rows.map(({ id }) => id) };
}

/**
 * Books every so many-th slot of the next days, as if it had been done over weeks.
 * @param {pg.Client} owner
 * @param {{ schema: string, clinics: Clinics, patientId: string, days: number, every: number }} wanted
 */
export async function fillClinics(owner, { schema, clinics, patientId, days, every }) {
  const { siteId, serviceId } = clinics;
  await owner.query('begin');
  const { rowCount } = await owner.query(
    `insert into ${schema}.appointment (id, patient_id, provider_id, service_id, site_id, status, during, tz_at_booking,
                                        doctor_name, clinic_name, created_by)
     select gen_random_uuid(), $1, r.id, $2, $3, 'booked', tstzrange(at, at + interval '30 minutes'), 'Europe/London', r.name,
            'Bench', $1
       from ${schema}.resource r, generate_series(0, $4::int - 1) d, generate_series(0, 15) k,
            lateral (select (current_date + d + time '09:00' + k * interval '30 minutes') at time zone 'Europe/London' as at) s
      where r.site_id = $3 and extract(isodow from current_date + d) < 6 and k % $5::int = 0 and at > now()`,
    [patientId, serviceId, siteId, days, every],
  );
  await owner.query(
    `insert into ${schema}.appointment_resource (appointment_id, resource_id, seat_no, during)
     select a.id, a.provider_id, 1, a.during from ${schema}.appointment a where a.site_id = $1`,
    [siteId],
  );
  await owner.query('commit');
  for (const table of ['appointment', 'appointment_resource', 'schedule_rule', 'resource'])
    await owner.query(`vacuum (analyze) ${schema}.${table}`);
  return rowCount ?? 0;
}
