import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import type { AppointmentPageDto } from '../appointments/appointments.dto.js';
import { TestAppointments } from '../reminders/testing/test-appointments.js';
import type { AdminUserDto, AdminUserPageDto } from './admin-users.dto.js';
import type { MetricsDto } from './metrics.dto.js';

let api: TestApi;
let [hospital, other]: Hospital[] = [];
let clinic: TestAppointments;
let admin: TestCaller;
let root: TestCaller;
const here = (): Hospital => hospital as Hospital;

beforeAll(async () => {
  api = await TestApi.start();
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
  clinic = new TestAppointments(here());
  [root, admin] = [
    await api.signIn({ hospital: null, role: 'super_admin' }),
    await api.signIn({ hospital: here(), role: 'hospital_admin' }),
  ];
});
afterAll(async () => {
  await api.close();
  for (const each of [hospital, other]) if (each) await dropTestHospital(each);
});

const get = <T>(url: string, caller: TestCaller) => api.send<T>({ method: 'GET', url: `/api/v1/admin${url}` }, caller);

describe('the list of users', () => {
  const all = async (query: string, caller: TestCaller): Promise<AdminUserDto[]> => {
    const found: AdminUserDto[] = [];
    for (let cursor = ''; ;) {
      const { body } = await get<AdminUserPageDto>(`/users?limit=2${query}${cursor}`, caller);
      found.push(...body.items);
      if (body.nextCursor === null) return found;
      cursor = `&cursor=${body.nextCursor}`;
    }
  };

  it('shows the administrator of a hospital its own people, newest first, and nothing of what they are elsewhere', async () => {
    const doctor = await api.signIn({ hospital: here(), role: 'doctor' });
    const patient = await api.signIn({ hospital: here(), role: 'patient' });
    const stranger = await api.signIn({ hospital: other ?? here(), role: 'nurse' });
    await asOwner((owner) =>
      owner.query(
        `insert into public.membership (id, user_id, hospital_id, role) values (gen_random_uuid(), $1, $2, 'nurse')`,
        [doctor.id, other?.id],
      ),
    );
    const users = await all('', admin);
    expect(users.map(({ id }) => id)).toEqual([patient.id, doctor.id, admin.id]);
    expect(users[1]).toMatchObject({ email: doctor.email, roles: [{ role: 'doctor', hospitalId: here().id }] });
    expect((await all('&role=patient', admin)).map(({ id }) => id)).toEqual([patient.id]);
    expect(await all('&role=super_admin', admin)).toEqual([]);
    const [found] = await all(`&q=${doctor.email}`, root);
    expect(found?.roles.map(({ role }) => role).sort()).toEqual(['doctor', 'nurse']);
    expect((await all(`&q=${stranger.email}`, root)).map(({ id }) => id)).toEqual([stranger.id]);
    expect(await all(`&q=${stranger.email}`, admin)).toEqual([]);
    expect((await all(`&q=${root.email}`, root))[0]?.roles).toEqual([{ role: 'super_admin', hospitalId: null }]);
  });

  it('tells those who may sign in from those who may not', async () => {
    const nurse = await api.signIn({ hospital: here(), role: 'nurse' });
    const is = async (active: boolean) =>
      (await all(`&active=${String(active)}&q=${nurse.email}`, admin)).map((user) => user.active);
    expect([await is(true), await is(false)]).toEqual([[true], []]);
    await asOwner((o) => o.query('update public.membership set disabled_at = now() where user_id = $1', [nurse.id]));
    expect([await is(true), await is(false)]).toEqual([[], [false]]);
  });
});

describe('the figures', () => {
  it('of a hospital count its own, and those of the platform all', async () => {
    await clinic.appointments(3, new Date(Date.now() + 48 * 3_600_000));
    const [own, platform] = [await get<MetricsDto>('/metrics', admin), await get<MetricsDto>('/metrics', root)];
    expect(own.body.appointments).toEqual({ total: 3, byStatus: { booked: 3 } });
    expect(own.body.users).toMatchObject({ total: 4, active: 3, byRole: { hospital_admin: 1, doctor: 1, patient: 1 } });
    expect(own.body).toMatchObject({ timezone: here().timezone });
    expect(platform.body.timezone).toBe('UTC');
    expect(platform.body.users.total).toBeGreaterThan(own.body.users.total);
    expect(platform.body.users.byRole['super_admin']).toBeGreaterThan(0);
    expect(platform.body.appointments.total).toBeGreaterThanOrEqual(3);
  });

  it('of the platform are counted for all who ask within half a minute, those of a hospital each time', async () => {
    const zone = 'Pacific/Tongatapu';
    const total = async (caller: TestCaller) =>
      (await get<MetricsDto>(`/metrics?timezone=${zone}`, caller)).body.appointments.total;
    const [own, platform] = [await total(admin), await total(root)];
    await clinic.appointments(2, new Date(Date.now() + 72 * 3_600_000));
    const another = await api.signIn({ hospital: null, role: 'super_admin' });
    expect([await total(admin), await total(root), await total(another)]).toEqual([own + 2, platform, platform]);
  });

  it.each(['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Asia/Kolkata'])(
    'begin today at midnight in %s',
    async (zone) => {
      await clinic.query('delete from {schema}.notification');
      const [row] = await clinic.query<{ midnight: Date; today: string }>(
        `select date_trunc('day', now() at time zone $1) at time zone $1 as midnight,
              to_char(now() at time zone $1, 'YYYY-MM-DD') as today`,
        [zone],
      );
      for (const offset of [-1, 0, 1]) {
        await clinic.query(
          `insert into {schema}.notification (id, dedupe_key, code, params, user_id, priority, expires_at, created_at)
         values (gen_random_uuid(), gen_random_uuid()::text, 'message', '{}', $1, 'normal', now(),
                 $2::timestamptz + $3 * interval '1 second')`,
          [admin.id, row?.midnight, offset],
        );
      }
      const { body } = await get<MetricsDto>(`/metrics?timezone=${zone}`, admin);
      expect([body.today, body.notifications.today]).toEqual([row?.today, 2]);
      expect(body.notifications.month).toBeGreaterThanOrEqual(2);
    },
  );

  it('are refused for a zone nobody knows', async () => {
    const { status, body } = await get('/metrics?timezone=Mars/Olympus', admin);
    expect([status, body]).toMatchObject([422, { errors: [{ field: 'timezone' }] }]);
  });
});

describe('the appointments', () => {
  it('of a hospital are shown to its administrator, and to nobody of the platform', async () => {
    const { body } = await get<AppointmentPageDto>('/appointments?status=booked', admin);
    expect(body.items).toHaveLength(5);
    expect((await get('/appointments', root)).status).toBe(403);
  });
});
