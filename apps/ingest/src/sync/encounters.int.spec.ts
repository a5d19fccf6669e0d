import { describe, expect, it } from '@jest/globals';
import type { SyncResponse, SyncResult } from '@hms/contracts';
import { uuidv7 } from 'uuidv7';
import { eventually } from '../testing/eventually.js';
import { useSyncWards } from '../testing/sync-wards.js';
import { openClinic, slotIn } from '../testing/test-clinic.js';
import type { GivenOp, TestPhone } from '../testing/test-sync.js';

const on = useSyncWards();
const { phone, patient } = on;

const arrival = (patientId: string, more: object = {}): GivenOp => ({
  entity: 'encounters',
  patch: { patientId, class: 'EMER', chiefComplaint: 'Cannot breathe', ...more },
});
const move = (id: string, status: string, more: object = {}): GivenOp => ({
  entity: 'encounters',
  id,
  kind: 'command',
  base: 1,
  cmd: { name: 'encounter.move', args: { status, ...more } },
});
const said = ({ status, code }: SyncResult): string => code ?? status;
const push = async (one: TestPhone, ...ops: readonly GivenOp[]): Promise<SyncResponse> =>
  (await one.push(ops.map((op) => one.op(op)))).body;
const says = async (one: TestPhone, ...ops: readonly GivenOp[]): Promise<string[]> =>
  (await push(one, ...ops)).results.map(said);
const events = async (id: string): Promise<string[]> => {
  const rows = await on.hospital.rows<{ type: string }>(
    `select type from public.outbox_event where hospital_id = $1 and payload ->> 'id' = $2 order by id`,
    [on.hospital.hospital.id, id],
  );
  return rows.map(({ type }) => type);
};

describe('an encounter of a device', () => {
  it('is registered, triaged, written about and finished in one push, as it would be online', async () => {
    const one = await phone();
    const [patientId, id] = [await patient(), uuidv7()];
    const note = uuidv7();
    const text = { patientId, kind: 'progress', text: 'Wheezes.', encounterId: id };
    const results = await says(
      one,
      { ...arrival(patientId), id },
      move(id, 'triaged', { acuity: 2 }),
      move(id, 'in-progress'),
      { entity: 'notes', id: note, patch: text },
      move(id, 'finished', { disposition: 'home' }),
    );
    // What has to be there before it is finished, the database says here, too.
    expect(results).toEqual(['applied', 'applied', 'applied', 'applied', 'bad_transition']);
    await on.hospital.rows(
      `insert into {schema}.encounter_diagnosis (id, encounter_id, code, display, rank, created_by) values ($1, $2, 'J45', 'Asthma', 1, $1)`,
      [uuidv7(), id],
    );
    const sign: GivenOp = { entity: 'notes', id: note, kind: 'command', base: 1, cmd: { name: 'note.sign', args: {} } };
    expect(await says(one, move(id, 'finished', { disposition: 'home' }), sign)).toEqual(['bad_transition', 'applied']);
    const { results: last } = await push(one, move(id, 'finished', { disposition: 'home' }));
    expect(last[0]).toMatchObject({ status: 'applied', row: { status: 'finished', acuity: 2, disposition: 'home' } });
    expect(await on.hospital.count('visit', 'patient_id = $1 and closed_at is not null', [patientId])).toBe(1);
    expect(await events(id)).toEqual(['encounter.opened', 'encounter.moved', 'encounter.moved', 'encounter.moved']);
  });

  /** An encounter in progress with a diagnosis, and a note of it. */
  async function treated(one: TestPhone): Promise<{ id: string; note: GivenOp; sign: GivenOp }> {
    const [patientId, id, noteId] = [await patient(), uuidv7(), uuidv7()];
    await push(one, { ...arrival(patientId), id }, move(id, 'triaged', { acuity: 2 }), move(id, 'in-progress'));
    await on.hospital.rows(
      `insert into {schema}.encounter_diagnosis (id, encounter_id, code, display, rank, created_by) values ($1, $2, 'J45', 'Asthma', 1, $1)`,
      [uuidv7(), id],
    );
    const patch = { patientId, kind: 'progress', text: 'Wheezes.', encounterId: id };
    return {
      id,
      note: { entity: 'notes', id: noteId, patch },
      sign: { entity: 'notes', id: noteId, kind: 'command', base: 1, cmd: { name: 'note.sign', args: {} } },
    };
  }

  it('does not end past a note that was written before in the same push', async () => {
    const one = await phone();
    const { id, note } = await treated(one);
    const ends = move(id, 'finished', { disposition: 'home' });
    expect(await says(one, note, ends)).toEqual(['applied', 'bad_transition']);
  });

  it('ends with the signature of its last note, both or none', async () => {
    const one = await phone();
    const { id, note, sign } = await treated(one);
    const group = uuidv7();
    const ends = move(id, 'finished', { disposition: 'home' });
    await push(one, note);
    expect(await says(one, { ...sign, group }, { ...ends, group })).toEqual(['applied', 'applied']);
  });

  it('is not rewritten by whoever does not say what they saw', async () => {
    const one = await phone();
    const { id } = await treated(one);
    const rewrite = (base: number | null): GivenOp => ({
      ...{ entity: 'encounters', id, kind: 'update', patch: { chiefComplaint: 'Cough' } },
      ...(base === null ? {} : { base }),
    });
    expect(await says(one, rewrite(null), rewrite(99))).toEqual(['invalid', 'conflict']);
  });

  it('began when the device says, as far as that is not ahead', async () => {
    const one = await phone();
    const at = new Date(Date.now() - 2 * 3_600_000).toISOString();
    const off = 3_600_000;
    const op = { ...one.op(arrival(await patient())), at, off };
    const { body } = await one.push([op]);
    expect(body.results[0]?.row).toMatchObject({ startedAt: new Date(Date.parse(at) + off).toISOString() });
  });

  it('may be what an appointment that is kept was for, once', async () => {
    const clinic = await openClinic(on.hospital);
    const one = await phone();
    const [patientId, appointmentId, other] = [await patient(), uuidv7(), await patient()];
    const { providerId, serviceId } = clinic;
    const booking = { patientId, providerId, serviceId, start: slotIn(30) };
    const first = { ...arrival(patientId, { appointmentId, class: 'AMB' }) };
    expect(await says(one, { entity: 'appointments', id: appointmentId, patch: booking }, first)).toEqual([
      'applied',
      'applied',
    ]);
    expect(await says(one, arrival(patientId, { appointmentId }), arrival(other, { appointmentId }))).toEqual([
      'invalid',
      'parent_missing',
    ]);
  });

  it.each([
    ['of an inpatient', { class: 'IMP' }, 'invalid'],
    ['that is planned for no time', { status: 'planned' }, 'invalid'],
    ['of a visit that is not there', { visitId: uuidv7() }, 'parent_missing'],
    ['that is over before it begins', { status: 'finished' }, 'invalid'],
  ])('%s is refused', async (_, more, code) => {
    expect(await says(await phone(), arrival(await patient(), more))).toEqual([code]);
  });

  it('is moved along its states only, each move once, and by those who may', async () => {
    const [one, desk] = [await phone([], 'nurse'), await phone([], 'receptionist')];
    const id = uuidv7();
    expect(await says(desk, { ...arrival(await patient()), id })).toEqual(['applied']);
    expect(await says(desk, move(id, 'in-progress'))).toEqual(['forbidden']);
    expect(await says(one, move(id, 'onleave'), move(id, 'triaged'))).toEqual(['bad_transition', 'invalid']);
    expect(await says(one, move(id, 'in-progress'), move(id, 'in-progress'))).toEqual(['applied', 'applied']);
    expect(await events(id)).toEqual(['encounter.opened', 'encounter.moved']);
  });

  it('is rewritten by who saw what it says; two who did not see each other are asked', async () => {
    const [one, other] = [await phone(), await phone()];
    const id = uuidv7();
    await push(one, { ...arrival(await patient()), id });
    const rewritten = (chiefComplaint: string): GivenOp => ({
      entity: 'encounters',
      id,
      kind: 'update',
      base: 1,
      patch: { chiefComplaint },
    });
    expect(await says(one, rewritten('Short of breath'))).toEqual(['applied']);
    const { results } = await push(other, rewritten('Cough'));
    expect(results[0]).toMatchObject({
      status: 'conflict',
      conflicts: [{ field: 'chiefComplaint', yours: 'Cough', theirs: 'Short of breath' }],
    });
    expect(await on.hospital.count('sync_conflict', `row_id = $1 and entity = 'encounters'`, [id])).toBe(1);
    expect(await events(id)).toEqual(['encounter.opened', 'encounter.changed']);
  });

  it('is held by devices of its ward while it goes on, and let go some time after', async () => {
    const ward = await phone([on.otherWard], 'nurse');
    const [here, elsewhere] = [uuidv7(), uuidv7()];
    const writer = await phone();
    await push(
      writer,
      { ...arrival(await patient(on.otherWard)), id: here },
      { ...arrival(await patient()), id: elsewhere },
    );
    const put = async (): Promise<string[]> =>
      (await ward.pull(['encounters'])).flatMap(({ changes }) => changes.encounters?.put.map(({ id }) => id) ?? []);
    // What the feed tells of meanwhile comes twice.
    expect(new Set(await put())).toEqual(new Set([here]));
    expect(await says(writer, move(here, 'cancelled', { reason: 'Left' }))).toEqual(['applied']);
    await eventually(async () => (await put()).includes(here) || undefined);
    const later = await phone([on.otherWard], 'nurse');
    await on.hospital.rows(`alter table {schema}.encounter disable trigger user`);
    await on.hospital.rows(`update {schema}.encounter set updated_at = now() - interval '2 days' where id = $1`, [
      here,
    ]);
    await on.hospital.rows(`alter table {schema}.encounter enable trigger user`);
    const rows = (await later.pull(['encounters'])).flatMap(({ changes }) => changes.encounters?.put ?? []);
    expect(rows).toEqual([]);
  });

  it('is refused to devices of other wards', async () => {
    const ward = await phone([on.otherWard], 'nurse');
    expect(await says(ward, arrival(await patient()))).toEqual(['forbidden_scope']);
  });
});
