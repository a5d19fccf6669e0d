import type pg from 'pg';
import { type Login } from './account.js';
import { type DemoHospital } from './demo-file.js';
import { type HospitalPlan } from './plan.js';

/** The hospital's part of the demo file, as the database has it now: patients may have been moved since. */
export async function describeHospital(
  owner: pg.ClientBase,
  plan: HospitalPlan,
  { users, gatewayKey }: { users: Login[]; gatewayKey: string },
): Promise<DemoHospital> {
  const { slug } = plan.definition;
  const schema = `hospital_${slug}`;
  const hospital = await owner.query<Pick<DemoHospital, 'id' | 'slug' | 'name' | 'timezone' | 'currency'>>(
    'select id, slug, name, timezone, currency from public.hospital where id = $1',
    [plan.id],
  );
  const wards = await owner.query<DemoHospital['wards'][number]>(
    `select id, name from ${schema}.ward where id = any($1) order by code`,
    [plan.wards.map((ward) => ward.id)],
  );
  const devices = await owner.query<DemoHospital['devices'][number]>(
    `select d.external_id as id, a.patient_id as "patientId", a.ward_id as "wardId"
       from ${schema}.device d join ${schema}.device_assignment a on a.device_id = d.id and a.valid @> now()
      where d.id = any($1) and d.status = 'active' order by array_position($1, d.id)`,
    [plan.devices.map((device) => device.id)],
  );
  const patients = await owner.query<DemoHospital['patients'][number]>(
    `select id, mrn, given_name || ' ' || family_name as name, birth_date::text as "birthDate"
       from ${schema}.patient where id = any($1) and deleted_at is null order by mrn`,
    [plan.patients.map((patient) => patient.id)],
  );
  return {
    ...firstOf(hospital.rows),
    users,
    gatewayKey,
    wards: wards.rows,
    devices: devices.rows,
    patients: patients.rows,
  };
}

function firstOf<T>([row]: readonly T[]): T {
  if (row === undefined) throw new Error('the demo hospital vanished while it was seeded');
  return row;
}
