import { insertRows } from '../insert-rows.js';
import { stableId } from '../stable-id.js';
import { type FeatureSeed, type SeedContext } from './seed-context.js';

const dayMs = 86_400_000;
/** Appointments made ahead, one a patient. */
const booked = 12;
const services = [
  { name: 'Consultation', duration_min: 30, buffer_after_min: 0 },
  { name: 'Follow-up', duration_min: 15, buffer_after_min: 0 },
  { name: 'Vaccination', duration_min: 10, buffer_after_min: 5 },
];
const room = 'Treatment room 1';

interface Provider {
  readonly id: string;
  readonly name: string;
  readonly userId: string | null;
}

/** An outpatient clinic: two doctors, a vaccination room, and appointments on the next working days. */
export const seedAppointments: FeatureSeed = async (context) => {
  const { owner, plan, schema } = context;
  const made = { created_by: plan.userId('hospital_admin') };
  const siteId = idOf(context, 'site');
  const { name, timezone } = plan.definition;
  await insertRows(owner, `${schema}.site`, [{ id: siteId, name: `${name} outpatients`, tz: timezone, ...made }]);
  await insertRows(
    owner,
    `${schema}.service_type`,
    services.map((service) => ({ id: idOf(context, service.name), ...service, ...made })),
  );
  const providers = providersOf(context);
  const resources = [...providers, { id: idOf(context, room), name: room, userId: null }];
  await insertRows(
    owner,
    `${schema}.resource`,
    resources.map(({ id, name: shown, userId }) => ({
      id,
      kind: shown === room ? 'room' : 'provider',
      name: shown,
      site_id: siteId,
      user_id: userId,
      capacity: 1,
      ...made,
    })),
  );
  await insertRows(
    owner,
    `${schema}.schedule_rule`,
    providers.flatMap(({ id }) =>
      [1, 2, 3, 4, 5].flatMap((weekday) =>
        [
          ['09:00', '12:30'],
          ['13:30', '17:00'],
        ].map(([local_start, local_end]) => ({
          id: stableId(`${id}:${weekday}:${local_start ?? ''}`),
          ...{ resource_id: id, site_id: siteId, weekday, slot_min: 30, min_notice_min: 60 },
          ...{ local_start: local_start ?? '', local_end: local_end ?? '', ...made },
        })),
      ),
    ),
  );
  await seedBooked(context, siteId, providers);
};

const idOf = ({ plan, seed }: SeedContext, what: string): string =>
  stableId(`${seed}:${plan.definition.slug}:clinic:${what}`);

function providersOf(context: SeedContext): Provider[] {
  const userId = context.plan.userId('doctor');
  const doctor = context.plan.users.find(({ id }) => id === userId);
  return [
    { id: idOf(context, 'doctor'), name: doctor?.displayName ?? 'Doctor', userId },
    { id: idOf(context, 'colleague'), name: 'Dr Robin Hale', userId: null },
  ];
}

async function seedBooked(context: SeedContext, siteId: string, providers: readonly Provider[]): Promise<void> {
  const { owner, plan, schema, now } = context;
  const patients = [plan.portalPatient, ...plan.patients.filter(({ id }) => id !== plan.portalPatient.id)].slice(
    0,
    booked,
  );
  const rows = patients.map((patient, i) => {
    const provider = providers[i % providers.length];
    return {
      id: stableId(`${patient.id}:appointment`),
      patient: patient.id,
      provider: provider?.id,
      doctor: provider?.name,
      day: workingDay(now, 1 + Math.floor(i / 4)),
      minute: 9 * 60 + 30 * (i % 4),
    };
  });
  await owner.query(
    `insert into ${schema}.appointment (id, patient_id, provider_id, service_id, site_id, status, during, tz_at_booking, reason,
                                        doctor_name, clinic_name, created_by, updated_by)
     select r.id, r.patient, r.provider, $2, s.id, 'booked', tstzrange(t.at, t.at + interval '30 minutes'), s.tz, 'Check-up',
            r.doctor, s.name, $4, $4
       from jsonb_to_recordset($1) as r (id uuid, patient uuid, provider uuid, doctor text, day date, minute int)
       join ${schema}.site s on s.id = $3
      cross join lateral (select (r.day + make_interval(mins => r.minute)) at time zone s.tz as at) t
     on conflict do nothing`,
    [JSON.stringify(rows), idOf(context, 'Consultation'), siteId, plan.userId('receptionist')],
  );
  await owner.query(
    `insert into ${schema}.appointment_resource (appointment_id, resource_id, seat_no, during)
     select a.id, a.provider_id, 1, a.during from ${schema}.appointment a
      where a.id = any ($1) and not exists (select from ${schema}.appointment_resource r where r.appointment_id = a.id)`,
    [rows.map(({ id }) => id)],
  );
}

/** The n-th day from Monday to Friday after today. */
function workingDay(now: Date, n: number): string {
  let day = Math.floor(now.getTime() / dayMs);
  for (let left = n; left > 0;) {
    day += 1;
    if (new Date(day * dayMs).getUTCDay() % 6 !== 0) left -= 1;
  }
  return new Date(day * dayMs).toISOString().slice(0, 10);
}
