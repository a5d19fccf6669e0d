import { beforeAll, describe, expect, it } from '@jest/globals';
import type { SyncResponse } from '@hms/contracts';
import { uuidv7 } from 'uuidv7';
import { eventually } from '../testing/eventually.js';
import { useSyncWards } from '../testing/sync-wards.js';
import { openClinic, slotIn, type TestClinic } from '../testing/test-clinic.js';
import type { TestPhone } from '../testing/test-sync.js';

const on = useSyncWards();
const { phone, patient } = on;

let clinic: TestClinic;
beforeAll(async () => {
  clinic = await openClinic(on.hospital);
});

let hours = 24;
/** Booked by somebody else. */
async function booked(patientId: string): Promise<string> {
  const writer = await phone();
  const { providerId, serviceId } = clinic;
  const patch = { patientId, providerId, serviceId, start: slotIn((hours += 2)) };
  const op = writer.op({ entity: 'appointments', patch });
  const { body } = await writer.push([op]);
  expect(body.results[0]?.status).toBe('applied');
  return op.id;
}

/** What a phone is told of appointments. */
interface Told {
  readonly put: readonly string[];
  readonly gone: readonly string[];
  readonly answers: readonly SyncResponse[];
}
async function told(one: TestPhone, more: readonly string[] = []): Promise<Told> {
  const answers = await one.pull(['appointments', ...more]);
  const changes = answers.flatMap((answer) => answer.changes.appointments ?? []);
  return {
    put: changes.flatMap(({ put }) => put.map(({ id }) => id)),
    gone: changes.flatMap(({ del, out }) => [...del, ...out]),
    answers,
  };
}
const isTold = (one: TestPhone, list: 'put' | 'gone', id: string): Promise<unknown> =>
  eventually(async () => (await told(one))[list].includes(id) || undefined);

describe('the appointments a device holds', () => {
  it('are those of the patients its user may hold', async () => {
    const [here, elsewhere] = [await booked(await patient(on.otherWard)), await booked(await patient())];
    expect((await told(await phone([on.otherWard], 'nurse'))).put).toEqual([here]);
    expect((await told(await phone([], 'nurse'))).put).toEqual(expect.arrayContaining([here, elsewhere]));
  });

  it('come to the front desk with who is to come, and with nothing clinical', async () => {
    const patientId = await patient();
    const id = await booked(patientId);
    const desk = await phone([], 'receptionist');
    const { put, answers } = await told(desk, ['patients', 'allergies', 'notes', 'observations']);
    expect(put).toContain(id);
    const rows = answers.flatMap(({ changes }) => changes.patients?.put ?? []);
    expect(rows.find((row) => row.id === patientId)).toBeDefined();
    expect(rows.some((row) => 'bloodGroup' in row || 'allergyStatus' in row)).toBe(false);
    expect([...new Set(answers.flatMap(({ changes }) => Object.keys(changes)))].sort()).toEqual([
      'appointments',
      'patients',
    ]);
  });

  it('are none for those who may not read them', async () => {
    await booked(await patient());
    const { put, answers } = await told(await phone([], 'lab_staff'));
    expect(put).toEqual([]);
    expect(answers[0]?.reset).toMatchObject([{ entity: 'appointments', why: 'projection' }]);
  });

  it('are ahead or just over; what becomes of one of before tells the device to let it go', async () => {
    const one = await phone();
    const id = uuidv7();
    await on.hospital.rows(
      `insert into {schema}.appointment (id, patient_id, provider_id, service_id, site_id, status, during, tz_at_booking, doctor_name, clinic_name)
       values ($1, $2, $3, $4, $5, 'booked', tstzrange(now() - interval '3 days', now() - interval '2 days'), 'UTC', 'Dr', 'Site')`,
      [id, await patient(), clinic.providerId, clinic.serviceId, clinic.siteId],
    );
    expect((await told(one)).put).not.toContain(id);
    await on.hospital.rows(`update {schema}.appointment set status = 'cancelled' where id = $1`, [id]);
    await isTold(one, 'gone', id);
  });

  it('follow what others do to them, whoever does', async () => {
    const one = await phone();
    const id = await booked(await patient());
    await isTold(one, 'put', id);
    await on.hospital.rows(`update {schema}.appointment set status = 'confirmed' where id = $1`, [id]);
    await isTold(one, 'put', id);
  });

  it('follow their patient to another ward, and leave the devices of the one before', async () => {
    const ward = await phone([on.otherWard], 'nurse');
    const patientId = await patient(on.otherWard);
    const id = await booked(patientId);
    await isTold(ward, 'put', id);
    await on.hospital.rows('update {schema}.patient set ward_id = $2 where id = $1', [patientId, on.hospital.wardId]);
    await isTold(ward, 'gone', id);
    const { body } = await ward.push([
      ward.op({ entity: 'appointments', id, kind: 'command', base: 1, cmd: { name: 'appointment.cancel', args: {} } }),
    ]);
    expect(body.results).toMatchObject([{ status: 'rejected', code: 'forbidden_scope' }]);
    expect(await on.hospital.count('appointment', `id = $1 and status = 'booked'`, [id])).toBe(1);
  });

  it('take no ops from a device that was revoked', async () => {
    const one = await phone();
    const id = await booked(await patient());
    await on.hospital.rows('update sync.device set revoked_at = now() where id = $1', [one.id]);
    const { status, body } = await one.push([
      one.op({ entity: 'appointments', id, kind: 'command', base: 1, cmd: { name: 'appointment.cancel', args: {} } }),
    ]);
    expect([status, (body as unknown as { code: string }).code]).toEqual([403, 'sync.device-revoked']);
    expect(await on.hospital.count('appointment', `id = $1 and status = 'booked'`, [id])).toBe(1);
  });
});
