import { beforeAll, describe, expect, it } from '@jest/globals';
import type { SyncResult } from '@hms/contracts';
import { uuidv7 } from 'uuidv7';
import { useSyncWards } from '../testing/sync-wards.js';
import { openClinic, slotIn, type TestClinic } from '../testing/test-clinic.js';
import type { GivenOp, TestPhone } from '../testing/test-sync.js';

const on = useSyncWards();
const { phone, adminPhone, patient } = on;

let clinic: TestClinic;
beforeAll(async () => {
  clinic = await openClinic(on.hospital);
});

/** Each booking has a time of its own. */
let hours = 24;
const booking = (patientId: string): GivenOp => ({
  entity: 'appointments',
  id: uuidv7(),
  patch: {
    patientId,
    providerId: clinic.providerId,
    serviceId: clinic.serviceId,
    start: slotIn((hours += 2)),
  },
});
const command = ({ id = '' }: GivenOp, name: string): GivenOp => ({
  entity: 'appointments',
  id,
  kind: 'command',
  base: 1,
  cmd: { name: `appointment.${name}`, args: {} },
});
const death = (id: string): GivenOp => ({
  entity: 'patients',
  id,
  kind: 'update',
  base: 2,
  patch: { deceasedAt: '2026-01-01T10:00:00Z' },
});
const deletion = (id: string): GivenOp => ({
  entity: 'patients',
  id,
  kind: 'delete',
  base: 2,
  patch: { deletedReason: 'Registered twice' },
});
const says = async (one: TestPhone, ...ops: readonly GivenOp[]): Promise<string[]> =>
  (await one.push(ops.map((op) => one.op(op)))).body.results.map(({ code, status }: SyncResult) => code ?? status);

const stored = async ({ id }: GivenOp): Promise<object | undefined> => {
  const sql = 'select status, status_reason as reason, updated_by as by from {schema}.appointment where id = $1';
  return (await on.hospital.rows(sql, [id]))[0];
};
/** What was told of it, and whether by the user of that phone. */
const events = async (id: string | undefined, one: TestPhone): Promise<string[]> => {
  const rows = await on.hospital.rows<{ event: string }>(
    `select type || ' ' || (payload ->> 'version') as event from public.outbox_event
      where hospital_id = $1 and payload ->> 'id' = $2 and actor_id = $3 order by id`,
    [on.hospital.hospital.id, id, one.user.userId],
  );
  return rows.map(({ event }) => event);
};

describe.each([
  ['a death', death, phone, 'The patient died'],
  ['a deletion', deletion, adminPhone, 'The record of the patient was deleted'],
])('%s that a phone reports', (_, end, reporter, reason) => {
  it('cancels what the patient was still to come to, and leaves queues and waitlists', async () => {
    const [one, desk] = [await reporter(), await phone([], 'receptionist')];
    const patientId = await patient();
    const [ahead, came] = [booking(patientId), booking(patientId)];
    expect(await says(desk, ahead, came, command(came, 'check-in'))).toEqual(Array(3).fill('applied'));
    const entry = uuidv7();
    await on.hospital.rows(
      `insert into {schema}.waitlist_entry (id, patient_id, service_id, wanted, created_by)
       values ($1, $2, $3, tstzrange(now(), now() + interval '1 day'), $1)`,
      [entry, patientId, clinic.serviceId],
    );
    expect(await says(one, end(patientId))).toEqual(['applied']);
    const { userId } = one.user;
    for (const appointment of [ahead, came])
      expect(await stored(appointment)).toEqual({ status: 'cancelled', reason, by: userId });
    expect(await events(ahead.id, one)).toEqual(['appointment.cancelled 2']);
    expect(await events(came.id, one)).toEqual(['appointment.cancelled 3']);
    const [token] = await on.hospital.rows<{ id: string; status: string }>(
      'select id, status from {schema}.queue_token where patient_id = $1',
      [patientId],
    );
    expect(token?.status).toBe('left');
    expect(await events(token?.id, one)).toEqual(['queue-token.changed 2']);
    expect(await events(entry, one)).toEqual(['waitlist.left 2']);
    expect(await on.hospital.count('appointment_resource', 'appointment_id = $1 and blocks', [ahead.id])).toBe(0);
  });
});

describe('a patient who died', () => {
  it('is booked for no more by a phone that did not know', async () => {
    const patientId = await patient();
    expect(await says(await phone(), death(patientId))).toEqual(['applied']);
    const late = booking(patientId);
    const other = await phone();
    const { body } = await other.push([other.op(late)]);
    expect(body.results).toMatchObject([{ status: 'rejected', code: 'bad_transition', text: 'The patient died.' }]);
    expect(await stored(late)).toBeUndefined();
  });

  it('has what the same push did before in its order: each once, and cancelled once', async () => {
    const one = await phone();
    const patientId = await patient();
    const [given, kept] = [booking(patientId), booking(patientId)];
    expect(await says(one, given, kept, command(given, 'cancel'), death(patientId))).toEqual(Array(4).fill('applied'));
    expect(await stored(given)).toMatchObject({ status: 'cancelled', reason: null });
    expect(await stored(kept)).toMatchObject({ status: 'cancelled', reason: 'The patient died' });
    expect(await events(given.id, one)).toEqual(['appointment.booked 1', 'appointment.cancelled 2']);
    expect(await events(kept.id, one)).toEqual(['appointment.booked 1', 'appointment.cancelled 2']);
  });

  it('has nothing done to their appointments by what the same push says after', async () => {
    const one = await phone();
    const patientId = await patient();
    const booked = booking(patientId);
    expect(await says(one, booked)).toEqual(['applied']);
    expect(await says(one, death(patientId), command(booked, 'cancel'), command(booked, 'confirm'))).toEqual([
      'applied',
      'applied',
      'bad_transition',
    ]);
    expect(await events(booked.id, one)).toEqual(['appointment.booked 1', 'appointment.cancelled 2']);
  });
});

describe('an inpatient', () => {
  async function inBed(patientId: string): Promise<void> {
    const [id, bed] = [uuidv7(), uuidv7()];
    const { wardId } = on.hospital;
    await on.hospital.rows(`
      begin;
      insert into {schema}.bed (id, ward_id, label) values ('${bed}', '${wardId}', '${bed.slice(-8)}');
      insert into {schema}.visit (id, patient_id, opened_at, created_by) values ('${id}', '${patientId}', now(), '${id}');
      insert into {schema}.encounter (id, patient_id, visit_id, class, status, created_by, updated_by)
      values ('${id}', '${patientId}', '${id}', 'IMP', 'planned', '${id}', '${id}');
      insert into {schema}.admission (id, patient_id, encounter_id, state, ward_id, source, urgency, reason, requested_at, created_by,
                                      updated_by)
      values ('${id}', '${patientId}', '${id}', 'requested', '${wardId}', 'emd', 'urgent', 'Pneumonia', now(), '${id}', '${id}');
      update {schema}.admission set state = 'accepted' where id = '${id}';
      insert into {schema}.bed_assignment (id, bed_id, encounter_id, during, reason, created_by)
      values ('${id}', '${bed}', '${id}', tstzrange(now(), null), 'Pneumonia', '${id}');
      update {schema}.admission set state = 'admitted', admitted_at = now() where id = '${id}';
      commit`);
  }

  it('is neither deleted by a phone nor taken to another ward, and nothing else waits for that', async () => {
    const one = await adminPhone();
    const [lies, other] = [await patient(), await patient()];
    await inBed(lies);
    const move: GivenOp = { entity: 'patients', id: lies, kind: 'update', base: 2, patch: { wardId: on.otherWard } };
    expect(await says(one, deletion(lies), move, deletion(other))).toEqual([
      'bad_transition',
      'bad_transition',
      'applied',
    ]);
    expect(
      await on.hospital.count('patient', 'id = $1 and deleted_at is null and ward_id = $2', [lies, on.hospital.wardId]),
    ).toBe(1);
  });

  it('who lies nowhere may be taken to another ward by a phone', async () => {
    const one = await phone();
    const id = await patient();
    const move: GivenOp = { entity: 'patients', id, kind: 'update', base: 2, patch: { wardId: on.otherWard } };
    expect(await says(one, move)).toEqual(['applied']);
  });
});
