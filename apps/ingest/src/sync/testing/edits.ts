import { randomInt } from 'node:crypto';
import type { Client, Saved } from '@hms/client';
import { uuidv7 } from 'uuidv7';
import { slotIn, type TestClinic } from '../../testing/test-clinic.js';
import type { Change, Edit } from './commands.js';
import type { SqlWriter, Statement } from './sql-writer.js';

/** A text nobody else writes. */
export type Texts = () => string;

/** Nobody else's: a telephone number takes no letters. */
const phoneNumber = (): string => `+${randomInt(1e10, 1e11)}${randomInt(1e4, 1e5)}`;
const pick = <T>(of: readonly T[]): T => of[randomInt(of.length)] as T;

export interface Edited extends Saved {
  /** What of it the database shows: a text, or the id of the row. */
  readonly trace?: string;
}

export interface Place {
  readonly patientId: string;
  /** Of the other hospital. */
  readonly strangerId: string;
  readonly clinic: TestClinic;
  readonly text: Texts;
}

/** What a person does on a device, as the client is told. */
export async function edit(client: Client, what: Edit, place: Place): Promise<Edited> {
  const { patientId, strangerId, text } = place;
  const of = async (entity: 'allergies' | 'notes'): Promise<string> =>
    (await client.rows(entity)).find((row) => row['patientId'] === patientId)?.id ?? uuidv7();
  switch (what) {
    case 'note':
      return note(client, patientId, text());
    case 'foreign':
      return note(client, strangerId, text());
    case 'phone': {
      const phone = phoneNumber();
      return { ...(await client.update('patients', patientId, { phone })), trace: phone };
    }
    case 'name':
      return client.update('patients', patientId, { familyName: `${pick(['Adams', 'Byron'])} ${text().slice(0, 16)}` });
    case 'allergy': {
      const saved = await client.create('allergies', { patientId, substance: pick(['Milk', 'Egg']), category: 'food' });
      return { ...saved, trace: saved.id };
    }
    case 'severity':
      return client.update('allergies', await of('allergies'), { severity: pick(['mild', 'severe']) });
    case 'resolve':
      return client.update('allergies', await of('allergies'), { clinicalStatus: 'resolved' });
    case 'condition': {
      const display = text();
      return { ...(await client.create('conditions', { patientId, display })), trace: display };
    }
    case 'observation': {
      const saved = await client.create('observations', { patientId, code: 'heartRate', value: randomInt(40, 160) });
      return { ...saved, trace: saved.id };
    }
    case 'book':
      return book(client, place);
    case 'cancel':
      return cancel(client);
    case 'sign':
      return client.command('notes', await of('notes'), { name: 'note.sign' });
    case 'poison':
      return client.create('notes', { patientId, kind: 'no such kind', text: text() });
    case 'together':
      return together(client, patientId, text);
  }
}

async function note(client: Client, patientId: string, text: string): Promise<Edited> {
  return { ...(await client.create('notes', { patientId, kind: 'nursing', text })), trace: text };
}

async function book(client: Client, { patientId, clinic: { providerId, serviceId } }: Place): Promise<Edited> {
  // The one time that everybody wants.
  const start = slotIn(24);
  const saved = await client.create('appointments', { patientId, providerId, serviceId, start });
  return { ...saved, trace: saved.id };
}

async function cancel(client: Client): Promise<Edited> {
  const booked = await client.rows('appointments');
  const id = booked.length > 0 ? pick(booked).id : uuidv7();
  return client.command('appointments', id, { name: 'appointment.cancel' });
}

async function together(client: Client, patientId: string, text: Texts): Promise<Edited> {
  const [display, written] = [text(), text()];
  const [condition] = await client.together([
    { kind: 'create', entity: 'conditions', id: uuidv7(), fields: { patientId, display } },
    { kind: 'create', entity: 'notes', id: uuidv7(), fields: { patientId, kind: 'nursing', text: written } },
  ]);
  return { id: condition?.id ?? '', op: condition?.op, trace: display };
}

/** What somebody with SQL does. */
export function statement(
  what: Change,
  schema: string,
  { patientId, wardId, text }: { readonly patientId: string; readonly wardId: string; readonly text: Texts },
): Statement {
  const of = (sql: string, ...values: unknown[]): Statement => ({
    text: sql.replaceAll('{schema}', schema),
    values: [patientId, ...values],
  });
  switch (what) {
    case 'name':
      return of('update {schema}.patient set given_name = $2 where id = $1', text());
    case 'phone':
      return of('update {schema}.patient set phone = $2 where id = $1', phoneNumber());
    case 'move':
      return of('update {schema}.patient set ward_id = $2 where id = $1', wardId);
    case 'note':
      return of(
        `insert into {schema}.note (id, patient_id, kind, text, recorded_at, created_by, updated_by)
         values ($2, $1, 'nursing', $3, now(), $2, $2)`,
        uuidv7(),
        text(),
      );
    case 'condition':
      return of(
        `insert into {schema}.condition (id, patient_id, display, created_by, updated_by) values ($2, $1, $3, $2, $2)`,
        uuidv7(),
        text(),
      );
    case 'severity':
      return of('update {schema}.allergy set severity = $2 where patient_id = $1', pick(['mild', 'moderate']));
    case 'worsen':
      return of('update {schema}.condition set severity = $2 where patient_id = $1', pick(['mild', 'moderate']));
    case 'delete':
      return of(
        `update {schema}.patient set deleted_at = now(), deleted_reason = $2 where id = $1`,
        'Registered twice',
      );
  }
}

/** Many rows of a patient at once. */
export async function writeMany(
  writer: SqlWriter,
  schema: string,
  { patientId, rows, text }: { readonly patientId: string; readonly rows: number; readonly text: Texts },
): Promise<void> {
  await writer.execute({
    text: `insert into ${schema}.condition (id, patient_id, display, created_by, updated_by)
           select gen_random_uuid(), $1, $2 || ' ' || n, $1, $1 from generate_series(1, $3::int) n`,
    values: [patientId, text(), rows],
  });
  await writer.end('commit');
}
