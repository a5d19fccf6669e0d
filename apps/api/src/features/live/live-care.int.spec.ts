import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { HospitalRole } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { startTestWorker } from '../../testing/test-worker.js';
import { until } from '../../testing/until.js';
import { at, FrontDesk } from '../appointments/testing/front-desk.js';
import { TestClinic } from '../appointments/testing/test-clinic.js';
import { TestStays } from '../inpatient/testing/test-stays.js';
import type { LiveChange } from './live-change.js';
import { LiveClient } from './testing/live-client.js';

const clients: LiveClient[] = [];
let api: TestApi;
let relay: INestApplicationContext;
let url: string;
let hospital: Hospital;
let other: Hospital;
let stays: TestStays;
let clinic: TestClinic;
let desk: FrontDesk;
let doctor: TestCaller;
let mine: string;
let theirs: string;
/** Who listens, from before the first change on. */
let ears: Record<'doctor' | 'desk' | 'here' | 'there' | 'pharmacist' | 'foreign', LiveClient>;

async function listen(role: HospitalRole, where: Hospital, wardIds?: string[]): Promise<LiveClient> {
  const { accessToken } = await api.signIn({ hospital: where, role, ...(wardIds ? { wardIds } : {}) });
  const client = new LiveClient(url, { auth: { token: accessToken } });
  clients.push(client);
  return client.ready();
}

beforeAll(async () => {
  [api, relay] = [await TestApi.start(), await startTestWorker([])];
  await api.application.nest.listen(0, '127.0.0.1');
  url = await api.application.nest.getUrl();
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
  doctor = await api.signIn({ hospital, role: 'doctor' });
  stays = new TestStays(api, hospital, doctor);
  clinic = new TestClinic(hospital);
  desk = new FrontDesk(api, clinic, await api.signIn({ hospital, role: 'receptionist' }));
  [mine, theirs] = [await stays.wards.ward(), await stays.wards.ward()];
  ears = {
    doctor: await listen('doctor', hospital),
    desk: await listen('receptionist', hospital),
    here: await listen('nurse', hospital, [mine]),
    there: await listen('nurse', hospital, [theirs]),
    pharmacist: await listen('pharmacist', hospital),
    foreign: await listen('doctor', other),
  };
}, 60_000);

afterAll(async () => {
  for (const client of clients) client.close();
  await Promise.all([api.close(), relay.close()]);
  await Promise.all([hospital, other].map(dropTestHospital));
});

/** What a client heard of a row, in the order of the events, each once. */
function heard(client: LiveClient, id: string): string[] {
  const changes = (client.heard('change') as LiveChange[]).filter(
    ({ payload }) => 'id' in payload && payload.id === id,
  );
  const once = new Map(changes.map((change) => [change.id, change.type]));
  return [...once].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, type]) => type);
}
type Ear = keyof typeof ears;

/** All of them hear the same of the row, and the others nothing once they have heard what came after it. */
async function isHeard(id: string, types: readonly string[], by: readonly Ear[]): Promise<void> {
  await until(() => by.every((ear) => heard(ears[ear], id).length >= types.length));
  for (const ear of by) expect([ear, heard(ears[ear], id)]).toEqual([ear, types]);
  await everybodyHasHeard();
  for (const [ear, client] of Object.entries(ears)) {
    if (!by.includes(ear as Ear)) expect([ear, heard(client, id)]).toEqual([ear, []]);
  }
}

/** Changes come in their order: who hears of this one has been told all before. */
async function everybodyHasHeard(): Promise<void> {
  const admins = await Promise.all(
    [hospital, other].map((where) => api.signIn({ hospital: where, role: 'hospital_admin' })),
  );
  for (const [admin, listeners] of [
    [admins[0], [ears.doctor, ears.desk, ears.pharmacist]],
    [admins[1], [ears.foreign]],
  ] as const) {
    const payload = { code: `W-${Math.random().toString(36).slice(2, 10).toUpperCase()}`, name: 'Ward' };
    const { body } = await api.send<{ id: string }>({ method: 'POST', url: '/api/v1/wards', payload }, admin);
    await until(() => listeners.every((client) => heard(client, body.id).length > 0));
  }
}

describe('live changes of care', () => {
  it('tell all staff who conduct appointments what becomes of one, and nobody else', async () => {
    const { id, what } = await desk.booked();
    await desk.setStatus(id, { status: 'confirmed' });
    await desk.setStatus(id, { status: 'checked_in' });
    await isHeard(
      id,
      ['appointment.booked', 'appointment.confirmed', 'appointment.checked-in'],
      ['doctor', 'desk', 'here', 'there'],
    );
    const { body: second } = await desk.book({ patientId: await clinic.patient(), ...what, start: at(4) });
    await desk.setStatus(second.id, { status: 'cancelled' });
    await isHeard(second.id, ['appointment.booked', 'appointment.cancelled'], ['doctor', 'desk', 'here', 'there']);
  });

  it('tell them of the queue, from check-in on', async () => {
    const { id } = await desk.booked();
    await desk.setStatus(id, { status: 'checked_in' });
    const [token] = await clinic.query<{ id: string }>(
      'select id from {schema}.queue_token where appointment_id = $1',
      [id],
    );
    await desk.setStatus(id, { status: 'in_progress' }, doctor);
    await isHeard(token?.id ?? '', ['queue-token.changed', 'queue-token.changed'], ['doctor', 'desk', 'here', 'there']);
  });

  it('tell those who may read encounters of their states', async () => {
    const base = `/api/v1/patients/${await stays.wards.patient()}/encounters`;
    const opened = await api.send<{ id: string }>({ method: 'POST', url: base, payload: { class: 'EMER' } }, doctor);
    const { id } = opened.body;
    const payload = { status: 'triaged', acuity: 2 };
    await api.send({ method: 'PATCH', url: `${base}/${id}/status`, headers: { 'if-match': '"1"' }, payload }, doctor);
    await isHeard(id, ['encounter.opened', 'encounter.moved'], ['doctor', 'desk', 'here', 'there']);
  });

  it('tell a ward of its admissions and beds, so that its board is right: where a patient comes, goes and leaves', async () => {
    const [bed, next] = [await stays.wards.bed(mine, '1'), await stays.wards.bed(mine, '2')];
    const admission = await stays.admitted(mine, bed);
    await stays.move(await stays.admission(admission.id), next);
    await isHeard(
      admission.id,
      ['admission.requested', 'admission.accepted', 'admission.admitted', 'admission.moved'],
      ['doctor', 'desk', 'here'],
    );
    await until(() => heard(ears.here, bed).length >= 2);
    await isHeard(bed, heard(ears.here, bed), ['doctor', 'desk', 'here']);
    expect(new Set(heard(ears.here, bed))).toEqual(new Set(['bed.changed']));
  });

  it('tell both wards of a patient who goes from one to the other', async () => {
    const [bed, beyond] = [await stays.wards.bed(mine, '3'), await stays.wards.bed(theirs, '3')];
    const { id } = await stays.admitted(mine, bed);
    await stays.move(await stays.admission(id), beyond);
    await until(() => heard(ears.there, id).includes('admission.moved'));
    await until(() => heard(ears.here, id).includes('admission.moved'));
    await everybodyHasHeard();
    expect(heard(ears.there, id)).toEqual(['admission.moved']);
    expect(heard(ears.pharmacist, id)).toEqual([]);
    expect(heard(ears.foreign, id)).toEqual([]);
  });
});
