import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { untilBlocking } from '../../testing/while-held.js';
import type { AppointmentDto } from '../appointments/appointments.dto.js';
import { at, FrontDesk } from '../appointments/testing/front-desk.js';
import { TestClinic } from '../appointments/testing/test-clinic.js';
import type { PatientDto } from '../patients/patients.dto.js';
import type { AdmissionDto } from './admissions/admissions.dto.js';
import type { DischargeDto } from './discharges/discharges.dto.js';
import { TestStays, type Refusal } from './testing/test-stays.js';

let api: TestApi;
let hospital: Hospital;
let stays: TestStays;
let nurse: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  stays = new TestStays(api, hospital, await api.signIn({ hospital, role: 'doctor' }));
  nurse = await api.signIn({ hospital, role: 'nurse' });
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

interface Stay extends AdmissionDto {
  readonly bed: string;
}

async function inpatient(more: object = {}): Promise<Stay> {
  const wardId = await stays.wards.ward();
  const bed = await stays.wards.bed(wardId, '1');
  return { ...(await stays.admitted(wardId, bed, more)), bed };
}

/** All that the scores take. */
const scoreInputs = {
  comorbidities: ['heart-failure', 'dementia'],
  emergencyVisits: 2,
  priorAdmissions: 3,
  haemoglobin: 11,
  sodium: 133,
  oncologyService: false,
  activeCancer: false,
  procedure: true,
};
const waived = (...items: string[]) => ({ waivers: items.map((item) => ({ item, reason: 'Will be done today' })) });
const discharge = async (id: string): Promise<DischargeDto> =>
  (await stays.request<DischargeDto>('GET', `/admissions/${id}/discharge`)).body;
const order = (id: string) => stays.act(id, 'discharge/order', { type: 'home', followUp: [{ what: 'GP in a week' }] });
const diagnose = ({ encounterId }: AdmissionDto) =>
  stays.wards.query(
    `insert into {schema}.encounter_diagnosis (id, encounter_id, code, display, rank, created_by)
     values (gen_random_uuid(), $1, 'J18.9', 'Pneumonia', 1, $1)`,
    [encounterId],
  );

describe('a bed', () => {
  it('is the patient’s until they have left, and nobody else’s until it is clean', async () => {
    const stay = await inpatient();
    const next = await stays.accepted(stay.wardId);
    const tryNext = async () => (await stays.act<Refusal>(next.id, 'admit', { bedId: stay.bed })).status;
    await order(stay.id);
    expect([(await stays.bed(stay.bed)).status, await tryNext()]).toEqual(['occupied', 409]);
    const ready = { scoreInputs, ...waived('no-diagnosis') };
    expect((await stays.act(stay.id, 'discharge/ready', ready)).body.state).toBe('discharge_ready');
    expect([(await stays.bed(stay.bed)).status, await tryNext()]).toEqual(['occupied', 409]);
    const left = await stays.act(stay.id, 'departure', { state: 'discharged' }, nurse);
    expect(left.body).toMatchObject({ state: 'discharged', bedId: null, leftAt: expect.any(String) as unknown });
    expect([(await stays.bed(stay.bed)).status, await tryNext()]).toEqual(['cleaning', 409]);
    await stays.request('POST', `/beds/${stay.bed}/cleaned`, {}, { caller: nurse });
    expect([(await stays.bed(stay.bed)).status, await tryNext()]).toEqual(['available', 200]);
  });

  it('is left with the devices off and the patient on no ward', async () => {
    const stay = await inpatient();
    const { deviceId } = await stays.wards.device();
    await stays.wards.assign(deviceId, stay.patientId, { wardId: stay.wardId, bedId: stay.bed });
    await stays.act(stay.id, 'departure', { state: 'left_against_advice', reason: 'Wanted to go home' });
    expect(await stays.patientWard(stay.patientId)).toBeNull();
    const worn = await stays.wards.query(
      'select from {schema}.device_assignment where patient_id = $1 and valid @> now()',
      [stay.patientId],
    );
    expect(worn).toHaveLength(0);
    expect(await discharge(stay.id)).toMatchObject({ type: 'aadvice', orderedAt: null, openItems: [] });
    expect(await stays.encounter(stay.encounterId)).toMatchObject({ disposition: 'left-against-advice' });
  });
});

describe('a discharge', () => {
  it('waits for what is left to do, each of which is waived with a reason or settled', async () => {
    const stay = await inpatient();
    await stays.wards.query(
      `insert into {schema}.note (id, patient_id, encounter_id, kind, text, recorded_at, created_by, updated_by)
       values (gen_random_uuid(), $1, $2, 'progress', 'Better', now(), $1, $1)`,
      [stay.patientId, stay.encounterId],
    );
    await stays.raiseAlarm(stay);
    await order(stay.id);
    const refused = await stays.act<Refusal>(stay.id, 'discharge/ready');
    expect(refused).toMatchObject({ status: 409, body: { code: 'discharge.open-items' } });
    expect(refused.body.openItems?.map(({ item }) => item).sort()).toEqual([
      'incomplete-scores',
      'no-diagnosis',
      'open-alarms',
      'unsigned-notes',
    ]);
    expect(refused.body.openItems?.find(({ item }) => item === 'incomplete-scores')?.missing).toContain('haemoglobin');
    expect((await stays.admission(stay.id)).state).toBe('discharge_ordered');
    await diagnose(stay);
    const ready = { scoreInputs, ...waived('open-alarms', 'unsigned-notes') };
    expect((await stays.act(stay.id, 'discharge/ready', ready)).status).toBe(200);
    const shown = await discharge(stay.id);
    expect(shown).toMatchObject({ type: 'home', followUp: [{ what: 'GP in a week' }], openItems: [] });
    expect(shown.waivers.map(({ item, reason }) => [item, reason])).toEqual([
      ['open-alarms', 'Will be done today'],
      ['unsigned-notes', 'Will be done today'],
    ]);
    await stays.act(stay.id, 'departure', { state: 'discharged' });
    // The note is still to be signed: the encounter waits for it, the patient does not.
    expect(await stays.encounter(stay.encounterId)).toMatchObject({
      status: 'in-progress',
      ended_at: expect.any(Date) as unknown,
    });
    const again = {
      patientId: stay.patientId,
      wardId: stay.wardId,
      source: 'emd',
      urgency: 'emergency',
      reason: 'Again',
    };
    const { body: back } = await stays.request<AdmissionDto>('POST', '/admissions', again);
    await stays.act(back.id, 'accept');
    await stays.request('POST', `/beds/${stay.bed}/cleaned`);
    expect((await stays.act(back.id, 'admit', { bedId: stay.bed })).status).toBe(200);
  });

  it('shows no scores, alarms or reasons to those who may not read such', async () => {
    const stay = await inpatient();
    await stays.raiseAlarm(stay);
    await order(stay.id);
    const desk = await api.signIn({ hospital, role: 'receptionist' });
    const seenBy = async (caller?: TestCaller) => {
      const url = `/admissions/${stay.id}/discharge`;
      return (await stays.request<DischargeDto>('GET', url, undefined, caller && { caller })).body;
    };
    const items = ({ openItems }: DischargeDto) => openItems.map(({ item }) => item).sort();
    expect(items(await seenBy(nurse))).toEqual(['incomplete-scores', 'no-diagnosis', 'open-alarms']);
    expect(await seenBy(desk)).toMatchObject({ type: 'home', scores: [], openItems: [{ item: 'no-diagnosis' }] });
    await stays.act(stay.id, 'discharge/ready', { scoreInputs, ...waived('open-alarms', 'no-diagnosis') });
    expect((await seenBy(nurse)).waivers).toHaveLength(2);
    expect(await seenBy(desk)).toMatchObject({ waivers: [], scores: [], openItems: [] });
    await stays.act(stay.id, 'departure', { state: 'discharged' });
    expect((await seenBy(nurse)).scores).toHaveLength(3);
    expect((await seenBy(desk)).scores).toEqual([]);
  });

  it('ends the encounter when nothing is left to write', async () => {
    const stay = await inpatient();
    await diagnose(stay);
    await order(stay.id);
    await stays.act(stay.id, 'discharge/ready', { scoreInputs });
    await stays.act(stay.id, 'departure', { state: 'discharged' });
    expect(await stays.encounter(stay.encounterId)).toMatchObject({ status: 'finished', disposition: 'home' });
  });

  it('is taken back when the patient is not well enough', async () => {
    const stay = await inpatient();
    await order(stay.id);
    expect((await stays.act(stay.id, 'discharge/withdraw', { reason: 'Fever' })).body.state).toBe('admitted');
    expect(await discharge(stay.id)).toMatchObject({ orderedAt: null });
    expect((await stays.act<Refusal>(stay.id, 'departure', { state: 'discharged' })).body.code).toBe(
      'admission.illegal-move',
    );
    expect((await order(stay.id)).body.state).toBe('discharge_ordered');
  });

  it('is looked at anew when it is ordered again: nothing waived or stated before counts', async () => {
    const stay = await inpatient();
    await order(stay.id);
    const first = { scoreInputs, ...waived('no-diagnosis') };
    expect((await stays.act(stay.id, 'discharge/ready', first)).status).toBe(200);
    await stays.act(stay.id, 'discharge/withdraw', { reason: 'Fever' });
    expect((await discharge(stay.id)).waivers).toEqual([]);
    await order(stay.id);
    const refused = await stays.act<Refusal>(stay.id, 'discharge/ready');
    expect(refused).toMatchObject({ status: 409, body: { code: 'discharge.open-items' } });
    expect(refused.body.openItems?.map(({ item }) => item).sort()).toEqual(['incomplete-scores', 'no-diagnosis']);
    const waivers = [{ item: 'no-diagnosis', reason: 'Still being looked for' }];
    expect((await stays.act(stay.id, 'discharge/ready', { scoreInputs, waivers })).status).toBe(200);
    expect((await discharge(stay.id)).waivers).toMatchObject(waivers);
  });

  it('is ordered by doctors only', async () => {
    const stay = await inpatient();
    expect((await stays.act<Refusal>(stay.id, 'discharge/order', { type: 'home' }, nurse)).status).toBe(403);
  });

  it('is not before the patient came to the bed', async () => {
    const stay = await inpatient();
    const at = new Date(Date.parse(stay.admittedAt ?? '') - 1).toISOString();
    expect((await stays.act(stay.id, 'departure', { state: 'absconded', at })).status).toBe(422);
  });
});

describe('a departure', () => {
  const record = async ({ patientId }: AdmissionDto): Promise<PatientDto> =>
    (await stays.request<PatientDto>('GET', `/patients/${patientId}`)).body;

  it('of somebody who died is in their record, and cancels what they were still to come to', async () => {
    const stay = await inpatient();
    const clinic = new TestClinic(hospital);
    const desk = new FrontDesk(api, clinic, await api.signIn({ hospital, role: 'receptionist' }));
    const { what } = await clinic.clinic();
    const followUp = await desk.book({ ...what, patientId: stay.patientId, start: at(0) });
    const left = await stays.act(stay.id, 'departure', { state: 'deceased' }, nurse);
    expect(left).toMatchObject({ status: 200, body: { state: 'deceased' } });
    expect((await record(stay)).deceasedAt).toBe(left.body.leftAt);
    expect((await desk.request<AppointmentDto>('GET', `/appointments/${followUp.body.id}`)).body).toMatchObject({
      status: 'cancelled',
      statusReason: 'The patient died',
    });
    expect(await desk.events(followUp.body.id)).toEqual(['appointment.booked 1', 'appointment.cancelled 2']);
    const audited = await clinic.query<{ operation: string }>(
      `select operation from {schema}.audit_event where entity = 'appointment' and action = 'update' and $1 = any (entity_ids)`,
      [followUp.body.id],
    );
    expect(audited).toMatchObject([{ operation: expect.stringContaining('departure') as unknown }]);
  });

  it('leaves the time of death that is in the record, and of who lives none', async () => {
    const [died, lives] = [await inpatient(), await inpatient()];
    const deceasedAt = '2026-01-01T10:00:00.000Z';
    const { version } = await record(died);
    expect((await stays.request('PATCH', `/patients/${died.patientId}`, { deceasedAt }, { version })).status).toBe(200);
    await stays.act(died.id, 'departure', { state: 'deceased' });
    await stays.act(lives.id, 'departure', { state: 'absconded' });
    expect([(await record(died)).deceasedAt, (await record(lives)).deceasedAt]).toEqual([deceasedAt, null]);
  });

  it('waits for a device that writes about the stay, and holds up none that it waits for', async () => {
    const stay = await inpatient();
    const schema = schemaOf(hospital.slug);
    const left = await asOwner(async (device) => {
      await device.query('begin');
      await device.query(`select from ${schema}.patient where id = $1 for key share`, [stay.patientId]);
      const departure = stays.act(stay.id, 'departure', { state: 'absconded' });
      await untilBlocking(device);
      await device.query(`select from ${schema}.encounter where id = $1 for no key update nowait`, [stay.encounterId]);
      await device.query('commit');
      return departure;
    });
    expect(left.status).toBe(200);
  });
});

describe('the risk that the patient comes back', () => {
  it('is kept with the version, the inputs and what was missing, as it was when they left', async () => {
    const stay = await inpatient();
    await diagnose(stay);
    await order(stay.id);
    const { comorbidities, ...others } = scoreInputs;
    await stays.act(stay.id, 'discharge/ready', { scoreInputs: others, ...waived('incomplete-scores') });
    await stays.act(stay.id, 'departure', { state: 'discharged' });
    const { scores } = await discharge(stay.id);
    expect(scores).toMatchObject([
      // 1 Hb, 1 Na, 1 procedure, 1 urgent, 2 for three admissions, 0 for the day.
      { profile: 'hospital', total: 6, band: 'intermediate', missing: [], version: '2013.1-admissions-0to1' },
      { profile: 'hospital-simplified', total: 5, band: 'high', version: '2017.1' },
      { profile: 'lace', total: null, partial: 5, band: 'incomplete', missing: ['comorbidity'], version: '2010.1' },
    ]);
    expect(scores[2]?.inputs).toMatchObject({ emergencyVisits: 2, lengthOfStayDays: 0 });
    expect(comorbidities).toHaveLength(2);
  });

  it('counts what this hospital knows of the time before, where nothing was stated', async () => {
    const stay = await inpatient();
    await stays.wards.query(
      `with v as (insert into {schema}.visit (id, patient_id, opened_at, created_by)
                  values (gen_random_uuid(), $1, now() - interval '30 days', $1) returning id)
       insert into {schema}.encounter (id, patient_id, visit_id, class, status, started_at, created_by, updated_by)
       select gen_random_uuid(), $1, v.id, 'EMER', 'arrived', now() - days * interval '1 day', $1, $1
         from v, unnest(array[30, 100, 300]) days`,
      [stay.patientId],
    );
    const lace = (await discharge(stay.id)).scores.find(({ profile }) => profile === 'lace');
    expect(lace?.inputs).toMatchObject({ emergencyVisits: 2, priorAdmissions: 0, stated: [] });
  });

  it('is not computed for somebody who died', async () => {
    const stay = await inpatient();
    await stays.act(stay.id, 'departure', { state: 'deceased' });
    expect(await discharge(stay.id)).toMatchObject({ type: 'exp', scores: [] });
  });
});
