import { beforeAll, describe, expect, it } from '@jest/globals';
import type { SyncResponse, SyncResult } from '@hms/contracts';
import { uuidv7 } from 'uuidv7';
import { useSyncWards } from '../testing/sync-wards.js';
import { bookBySql, openClinic, slotIn, type TestClinic } from '../testing/test-clinic.js';
import type { GivenOp, TestPhone } from '../testing/test-sync.js';

const on = useSyncWards();
const { phone, patient } = on;

let clinic: TestClinic;
beforeAll(async () => {
  clinic = await openClinic(on.hospital);
});

const wish = (patientId: string, start: string, more: object = {}): GivenOp => ({
  entity: 'appointments',
  patch: { patientId, providerId: clinic.providerId, serviceId: clinic.serviceId, start, ...more },
});
const command = (id: string, name: string, args: object = {}): GivenOp => ({
  entity: 'appointments',
  id,
  kind: 'command',
  base: 1,
  cmd: { name: `appointment.${name}`, args },
});
const only = ({ results }: SyncResponse): SyncResult => results[0] as SyncResult;
const said = ({ status, code }: SyncResult): string => code ?? status;
const says = async (one: TestPhone, ...ops: readonly GivenOp[]): Promise<string[]> =>
  (await one.push(ops.map((op) => one.op(op)))).body.results.map(said);

const stored = async (id: string): Promise<Record<string, unknown>> => {
  const [row] = await on.hospital.rows<Record<string, unknown>>(
    'select status, version, token_no, status_reason from {schema}.appointment where id = $1',
    [id],
  );
  return row ?? {};
};
const events = async (id: string): Promise<string[]> => {
  const rows = await on.hospital.rows<{ type: string }>(
    `select type from public.outbox_event where hospital_id = $1 and payload ->> 'id' = $2 order by id`,
    [on.hospital.hospital.id, id],
  );
  return rows.map(({ type }) => type);
};
const seatsOf = (start: string): Promise<number> =>
  on.hospital.count('appointment_resource', 'resource_id = $1 and blocks and during @> $2::timestamptz', [
    clinic.providerId,
    start,
  ]);

/** Each test has times of its own. */
let hours = 24;
const freeSlot = (): string => slotIn((hours += 2));

describe('a booking that was made offline', () => {
  it('takes its seat, and leaves the traces of one that was made online', async () => {
    const one = await phone();
    const [patientId, start] = [await patient(), freeSlot()];
    const op = one.op(wish(patientId, start, { reason: 'Cough' }));
    const { body } = await one.push([op]);
    expect(only(body)).toMatchObject({ status: 'applied', ver: 1 });
    expect(only(body).row).toMatchObject({
      id: op.id,
      status: 'booked',
      start,
      end: new Date(Date.parse(start) + 30 * 60_000).toISOString(),
      siteId: clinic.siteId,
      tz: 'UTC',
      doctorName: 'Dr Test',
      reason: 'Cough',
    });
    expect(await seatsOf(start)).toBe(1);
    expect(await events(op.id)).toEqual(['appointment.booked']);
    const { userId } = one.user;
    expect(await on.hospital.count('state_history', 'entity_id = $1 and actor_id = $2', [op.id, userId])).toBe(1);
    const audited = `entity = 'appointment' and action = 'create' and entity_ids = array[$1] and actor_id = $2`;
    expect(await on.hospital.count('audit_event', audited, [op.id, userId])).toBe(1);
  });

  it('of which 20 devices want one seat, while others book past them, is made once; the rest hear of other times', async () => {
    const start = freeSlot();
    const phones = await Promise.all(Array.from({ length: 20 }, () => phone()));
    const patients = await Promise.all(Array.from({ length: 25 }, () => patient()));
    const bySql = patients.slice(20).map((patientId) => bookBySql(on.hospital, clinic, { patientId, start }));
    const pushes = phones.map((one, i) => one.push([one.op(wish(patients[i] ?? '', start))]));
    const [answers, booked] = [await Promise.all(pushes), await Promise.all(bySql)];
    const results = answers.map(({ body }) => only(body));
    const won = results.filter(({ status }) => status === 'applied').length + booked.filter(Boolean).length;
    expect(won).toBe(1);
    expect(await seatsOf(start)).toBe(1);
    const lost = results.filter(({ status }) => status !== 'applied');
    expect(new Set(lost.map(said))).toEqual(new Set(['slot_taken']));
    for (const { alternatives, quarantine } of lost) {
      expect(alternatives).toHaveLength(3);
      expect(alternatives?.every((time) => time.start > start && time.providerId === clinic.providerId)).toBe(true);
      expect(
        await on.hospital.count('sync_quarantine', `id = $1 and op -> 'patch' ->> 'start' = $2`, [quarantine, start]),
      ).toBe(1);
    }
    const one = phones.at(0) as TestPhone;
    const other = lost[0]?.alternatives?.[0]?.start ?? '';
    expect(await says(one, wish(patients[0] ?? '', other))).toEqual(['applied']);
  });

  it('has its effect once, however often it is sent', async () => {
    const one = await phone();
    const op = one.op(wish(await patient(), freeSlot()));
    const answers = await Promise.all(Array.from({ length: 5 }, () => one.push([op])));
    expect(answers.map(({ body }) => said(only(body))).sort()).toEqual([
      'applied',
      ...Array<string>(4).fill('duplicate'),
    ]);
    expect(await on.hospital.count('appointment', 'id = $1', [op.id])).toBe(1);
    expect(await events(op.id)).toEqual(['appointment.booked']);
  });

  it('that is refused is answered without other times where these cannot be read, and so is what came with it', async () => {
    const one = await phone();
    const start = freeSlot();
    await bookBySql(on.hospital, clinic, { patientId: await patient(), start });
    const ops = [one.op(wish(await patient(), start)), one.op(wish(await patient(), freeSlot()))];
    await on.hospital.rows('revoke select on {schema}.appointment_resource from hms_ingest');
    try {
      const { results } = (await one.push(ops)).body;
      expect(results.map(said)).toEqual(['slot_taken', 'applied']);
      expect(results[0]?.alternatives).toBeUndefined();
    } finally {
      await on.hospital.rows('grant select on {schema}.appointment_resource to hms_ingest');
    }
  });

  it('that was refused is refused again when it is sent again, and told what is free by then', async () => {
    const one = await phone();
    const start = freeSlot();
    await bookBySql(on.hospital, clinic, { patientId: await patient(), start });
    const op = one.op(wish(await patient(), start));
    expect(only((await one.push([op])).body)).toMatchObject({ status: 'rejected', code: 'slot_taken' });
    const again = only((await one.push([op])).body);
    expect(again).toMatchObject({ status: 'duplicate', was: 'rejected', code: 'slot_taken' });
    expect(again.alternatives).toHaveLength(3);
  });

  it.each([
    ['at a time no slot starts', () => ({ start: freeSlot().replace(/:[03]0:/, ':10:') }), 'slot_taken'],
    ['in the past', () => ({ start: slotIn(-48) }), 'slot_taken'],
    ['within a minute', () => ({ start: freeSlot().replace('00.000Z', '07.000Z') }), 'invalid'],
    ['with a provider who is not there', () => ({ providerId: uuidv7() }), 'invalid'],
    ['in a room that is not there', () => ({ resourceIds: [uuidv7()] }), 'invalid'],
    ['in place of one that is not there', () => ({ rescheduleOf: uuidv7() }), 'parent_missing'],
    ['of a state of its own', () => ({ status: 'completed' }), 'unknown_field'],
  ])('%s is refused', async (_, more, code) => {
    const one = await phone();
    expect(await says(one, wish(await patient(), freeSlot(), more()))).toEqual([code]);
  });

  it('beside others is for those who may overbook', async () => {
    const start = freeSlot();
    const more = { overbookReason: 'Urgent' };
    expect(await says(await phone(), wish(await patient(), start), wish(await patient(), start, more))).toEqual([
      'applied',
      'applied',
    ]);
    expect(await says(await phone([], 'nurse'), wish(await patient(), start, more))).toEqual(['forbidden']);
  });

  it('takes the place of a hold that is over', async () => {
    const one = await phone();
    const [start, holder] = [freeSlot(), await patient()];
    await bookBySql(on.hospital, clinic, { patientId: holder, start: freeSlot() });
    const id = uuidv7();
    const during = `tstzrange('${start}', timestamptz '${start}' + interval '30 minutes')`;
    await on.hospital.rows(`
      insert into {schema}.appointment (id, patient_id, provider_id, service_id, site_id, status, during, tz_at_booking, doctor_name,
                                        clinic_name, hold_expires_at)
      values ('${id}', '${holder}', '${clinic.providerId}', '${clinic.serviceId}', '${clinic.siteId}', 'held', ${during}, 'UTC', 'Dr',
              'Site', now() - interval '1 second');
      insert into {schema}.appointment_resource (appointment_id, resource_id, seat_no, during)
      values ('${id}', '${clinic.providerId}', 1, ${during})`);
    expect(await says(one, wish(await patient(), start))).toEqual(['applied']);
    expect(await stored(id)).toEqual({});
    expect(await events(id)).toEqual(['appointment.hold-expired']);
  });

  it('is for one appointment of the patient at a time, where the hospital wants it so', async () => {
    const second = await openClinic(on.hospital);
    const one = await phone();
    const [patientId, start] = [await patient(), freeSlot()];
    const elsewhere = { providerId: second.providerId, serviceId: second.serviceId };
    await on.hospital.rows('update {schema}.scheduling_setting set patient_overlap = false');
    const results = await says(one, wish(patientId, start), wish(patientId, start, elsewhere));
    await on.hospital.rows('update {schema}.scheduling_setting set patient_overlap = true');
    expect(results).toEqual(['applied', 'slot_taken']);
  });
});

describe('a command on an appointment', () => {
  const booked = async (one: TestPhone, start = freeSlot()): Promise<string> => {
    const op = one.op(wish(await patient(), start));
    expect(only((await one.push([op])).body).status).toBe('applied');
    return op.id;
  };

  it('cancels it once, whoever else did so before, and frees its time for the next', async () => {
    const [one, other] = [await phone(), await phone()];
    const start = freeSlot();
    const id = await booked(one, start);
    expect(await says(one, command(id, 'cancel', { reason: 'Better' }))).toEqual(['applied']);
    expect(await says(other, command(id, 'cancel'))).toEqual(['applied']);
    expect(await stored(id)).toMatchObject({ status: 'cancelled', status_reason: 'Better', version: 2 });
    expect(await events(id)).toEqual(['appointment.booked', 'appointment.cancelled']);
    expect(await says(other, wish(await patient(), start))).toEqual(['applied']);
  });

  it('is made in its turn: what one push cancels the same push may book anew', async () => {
    const one = await phone();
    const start = freeSlot();
    const id = await booked(one, start);
    expect(await says(one, command(id, 'cancel'), wish(await patient(), start))).toEqual(['applied', 'applied']);
    expect(await seatsOf(start)).toBe(1);
  });

  it('checks in with the next number of the queue, for those who may', async () => {
    const [doctor, desk] = [await phone(), await phone([], 'receptionist')];
    const [first, second] = [await booked(doctor), await booked(doctor)];
    expect(await says(doctor, command(first, 'check-in'))).toEqual(['forbidden']);
    expect(await says(desk, command(first, 'check-in'), command(second, 'check-in'))).toEqual(['applied', 'applied']);
    const [one, two] = [await stored(first), await stored(second)];
    expect([one['status'], two['status']]).toEqual(['checked_in', 'checked_in']);
    expect(Number(two['token_no']) - Number(one['token_no'])).toBe(1);
    const tokens = await on.hospital.rows<{ id: string; status: string }>(
      'select id, status from {schema}.queue_token where appointment_id = $1',
      [first],
    );
    expect(tokens).toMatchObject([{ status: 'waiting' }]);
    expect(await says(doctor, command(first, 'start'), command(first, 'complete'))).toEqual(['applied', 'applied']);
    expect(await on.hospital.count('queue_token', `appointment_id = $1 and status = 'done'`, [first])).toBe(1);
    expect(await events(tokens[0]?.id ?? '')).toEqual(['queue-token.changed', 'queue-token.changed']);
    expect(await events(first)).toEqual([
      'appointment.booked',
      'appointment.checked-in',
      'appointment.started',
      'appointment.completed',
    ]);
  });

  it('that checks in on a day that is over comes too late', async () => {
    const desk = await phone([], 'receptionist');
    const id = await booked(desk);
    const op = { ...desk.op(command(id, 'check-in')), at: new Date(Date.now() - 2 * 86_400_000).toISOString() };
    expect((await desk.push([op])).body.results.map(said)).toEqual(['expired']);
  });

  it('does not call missed who may still come', async () => {
    const one = await phone();
    expect(await says(one, command(await booked(one), 'no-show'))).toEqual(['bad_transition']);
  });

  it('goes from no state to one that does not follow', async () => {
    const one = await phone();
    const id = await booked(one);
    expect(await says(one, command(id, 'complete'), command(id, 'fly'), command(id, 'cancel'))).toEqual([
      'bad_transition',
      'invalid',
      'applied',
    ]);
    expect(await says(one, command(id, 'confirm'))).toEqual(['bad_transition']);
  });

  it('of which others knew less is judged as it stands: two devices, one appointment', async () => {
    const [one, other] = [await phone(), await phone([], 'receptionist')];
    const id = await booked(one);
    expect(await says(other, command(id, 'check-in'))).toEqual(['applied']);
    expect(await says(one, command(id, 'no-show'))).toEqual(['bad_transition']);
  });
});

describe('an appointment that is moved', () => {
  it('is moved as one: the new one and not the old one, or the old one as it was', async () => {
    const one = await phone();
    const [patientId, before, after, taken] = [await patient(), freeSlot(), freeSlot(), freeSlot()];
    await bookBySql(on.hospital, clinic, { patientId: await patient(), start: taken });
    const old = one.op(wish(patientId, before));
    await one.push([old]);
    expect(await says(one, wish(patientId, taken, { rescheduleOf: old.id }))).toEqual(['slot_taken']);
    expect(await stored(old.id)).toMatchObject({ status: 'booked', version: 1 });
    const moved = one.op(wish(patientId, after, { rescheduleOf: old.id }));
    expect(only((await one.push([moved])).body).row).toMatchObject({ rescheduleOf: old.id, start: after });
    expect(await stored(old.id)).toMatchObject({ status: 'rescheduled', version: 2 });
    expect([await seatsOf(before), await seatsOf(after)]).toEqual([0, 1]);
    expect(await events(old.id)).toEqual(['appointment.booked', 'appointment.rescheduled']);
    expect(await says(one, wish(patientId, freeSlot(), { rescheduleOf: old.id }))).toEqual(['bad_transition']);
  });

  it('is moved once, though two devices move it at the same time', async () => {
    const [one, other] = [await phone(), await phone()];
    const patientId = await patient();
    const old = one.op(wish(patientId, freeSlot()));
    await one.push([old]);
    const moves = [one, other].map((each) => says(each, wish(patientId, freeSlot(), { rescheduleOf: old.id })));
    expect((await Promise.all(moves)).flat().sort()).toEqual(['applied', 'bad_transition']);
  });

  it('may be cancelled in the push that moved it, and is moved all the same', async () => {
    const one = await phone();
    const patientId = await patient();
    const old = one.op(wish(patientId, freeSlot()));
    const moved = wish(patientId, freeSlot(), { rescheduleOf: old.id });
    expect((await one.push([old, one.op(moved), one.op(command(old.id, 'cancel'))])).body.results.map(said)).toEqual([
      'applied',
      'applied',
      'bad_transition',
    ]);
  });
});
