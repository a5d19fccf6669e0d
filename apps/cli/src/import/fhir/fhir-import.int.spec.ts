import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withOwner } from '@hms/database';
import {
  DataKeys,
  type FieldCipher,
  normaliseIdentifier,
  openKeyProvider,
  PgDataKeyStore,
  readKeySource,
} from '@hms/encryption';
import { uuidv7 } from 'uuidv7';
import { ownerUrl } from '../../config.js';
import { type Run, runHms } from '../../testing/run-hms.js';
import { TestDemo } from '../../testing/test-demo.js';

const recordSystem = 'http://hospital.smarthealthit.org';
const recordNumber = '1484a42d-0eaf-4654-9cbf-6b050a5cd73b';
const excerpt = new URL('../../testing/fixtures/synthea-excerpt.json', import.meta.url);

let demo: TestDemo;
let cipher: FieldCipher;
let patient: string;
let other: string;

beforeAll(async () => {
  demo = await TestDemo.create();
  const [hospital] = await demo.rows<{ id: string }>('select id from public.hospital where slug = $1', [
    demo.hospital.slug,
  ]);
  cipher = await withOwner(ownerUrl(process.env), (owner) =>
    new DataKeys(new PgDataKeyStore(owner), openKeyProvider(readKeySource(process.env))).cipherFor(hospital?.id ?? ''),
  );
  [patient = '', other = ''] = demo.hospital.patients.map(({ id }) => id);
  await rememberRequests();
});
afterAll(() => demo.drop());

beforeEach(async () => {
  await demo.rows('delete from {schema}.charted_observation');
  await demo.rows('delete from {schema}.score_asked');
  await demo.rows(`update {schema}.patient_identifier set ended_at = now() where system like 'http%'`);
});

/** Ingest takes requests for scores away when it answers them. */
async function rememberRequests(): Promise<void> {
  await demo.rows('create table {schema}.score_asked (patient_id uuid)');
  await demo.rows(
    `create function {schema}.remember_request() returns trigger language plpgsql security definer as
     'begin insert into {schema}.score_asked values (new.patient_id); return null; end'`,
  );
  await demo.rows(
    `create trigger remember_request after insert or update on {schema}.score_due
       for each row execute function {schema}.remember_request()`,
  );
}

/** As the API keeps that another system knows the patient by a number. */
async function know(patientId: string, system: string, value: string): Promise<void> {
  const column = { table: 'patient_identifier', column: 'value_sealed' };
  const id = uuidv7();
  await demo.rows(
    `insert into {schema}.patient_identifier (id, patient_id, system, value_sealed, value_index, created_by, updated_by)
     values ($1, $2, $3, $4, $5, $2, $2)`,
    [
      ...[id, patientId, system, cipher.seal({ ...column, rowId: id }, value)],
      cipher.blindIndex(column, normaliseIdentifier(value)),
    ],
  );
}

const path = (name: string): string => join(demo.folder, name);
async function importText(name: string, text: string, ...args: string[]): Promise<Run> {
  await writeFile(path(name), text);
  return runHms('import', path(name), '--hospital', demo.hospital.slug, '--format', 'fhir', ...args);
}
const importExcerpt = async (...args: string[]): Promise<Run> =>
  importText('synthea.json', await readFile(excerpt, 'utf8'), ...args);
const charted = (): Promise<unknown[]> =>
  demo.rows(
    `select patient_id, code, value, to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as at, method, recorded_by
       from {schema}.charted_observation order by recorded_at, code`,
  );
const rejects = (name: string): Promise<string> => readFile(path(`${name}.rejects.csv`), 'utf8');

const pulse = (subject: object, at: Date): object => ({
  ...{ resourceType: 'Observation', status: 'final', subject, effectiveDateTime: at.toISOString() },
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  valueQuantity: { value: 72, system: 'http://unitsofmeasure.org', code: '/min' },
});

describe('hms import of FHIR', () => {
  it('charts what Synthea has of our vital signs for the patient its record number is of, and once', async () => {
    await know(patient, recordSystem, recordNumber);
    const { code, out, err } = await importExcerpt('--import-id', 'first');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(
      [
        'The import first is complete: 10 rows.',
        '  stored     3',
        '  there      0 already',
        '  left out   7 that are no vital signs of HMS\n',
      ].join('\n'),
    );
    const values = [
      ['2012-09-10 15:29', 72, 107],
      ['2015-09-14 15:29', 79, 134],
      ['2018-09-17 15:29', 87, 122],
    ] as const;
    const method = { method: 'imported', recorded_by: null, patient_id: patient };
    const expected = values.flatMap(([at, diastolic, systolic]) => [
      { ...method, at, code: 'diastolic', value: diastolic },
      { ...method, at, code: 'systolic', value: systolic },
    ]);
    expect(await charted()).toEqual(expected);
    expect((await importExcerpt('--import-id', 'first')).out).toContain('stored     3');
    expect((await importExcerpt('--import-id', 'second')).out).toContain('stored     0\n  there      3 already');
    expect(await charted()).toEqual(expected);
  });

  it('asks for no score of what it brings, even when it is of now', async () => {
    const reference = { reference: `Patient/${patient}` };
    const { out } = await importText('now.json', JSON.stringify(pulse(reference, new Date())));
    expect(out).toContain('stored     1');
    expect(await demo.count('score_asked')).toBe(0);
    expect(await demo.count('alarm')).toBe(0);
  });

  it('lists what is of nobody the hospital knows, and charts it for nobody', async () => {
    const { code, out } = await importExcerpt('--import-id', 'unknown');
    expect(code).toBe(0);
    expect(out).toContain('stored     0');
    expect((await rejects('synthea.json')).split('\n').slice(0, 2)).toEqual([
      'line,code,field',
      '6,unknown_patient,subject',
    ]);
    expect(await charted()).toEqual([]);
  });

  it('charts nothing when identifiers lead to two patients', async () => {
    await know(patient, recordSystem, recordNumber);
    await know(other, 'http://hl7.org/fhir/sid/us-ssn', '999-48-8934');
    expect((await importExcerpt('--import-id', 'two')).out).toContain('rejected   3');
    expect(await rejects('synthea.json')).toContain('6,wrong_patient,subject');
    expect(await charted()).toEqual([]);
  });

  it('takes record numbers of HMS only from the system that is said to have them', async () => {
    const [row] = await demo.rows<{ mrn: string }>('select mrn from {schema}.patient where id = $1', [patient]);
    const subject = { identifier: { system: 'urn:st-brigid:mrn', value: row?.mrn } };
    const text = JSON.stringify(pulse(subject, new Date('2020-01-01T00:00:00Z')));
    const other = await importText('mrn.ndjson', text, '--import-id', 'mrn1', '--mrn-system', 'urn:elsewhere');
    expect(other.out).toContain('rejected   1');
    const own = await importText('mrn.ndjson', text, '--import-id', 'mrn2', '--mrn-system', 'urn:st-brigid:mrn');
    expect(own.out).toContain('stored     1');
    expect(await charted()).toMatchObject([{ patient_id: patient, code: 'heartRate', value: 72 }]);
  });

  it('does not bring back what was called an error', async () => {
    const text = JSON.stringify(pulse({ reference: `Patient/${patient}` }, new Date('2020-01-01T00:00:00Z')));
    await importText('void.json', text, '--import-id', 'void1');
    await demo.rows(
      `update {schema}.charted_observation
          set status = 'entered-in-error', voided_by = $1, voided_at = now(), void_reason = 'Wrong patient'`,
      [other],
    );
    expect((await importText('void.json', text, '--import-id', 'void2')).out).toContain('there      1 already');
    expect(await demo.count('charted_observation', `status = 'final'`)).toBe(0);
    expect(await demo.count('score_asked', `patient_id = '${patient}'`)).toBe(1);
  });

  it('tells in a dry run what it would do, and stores nothing', async () => {
    await know(patient, recordSystem, recordNumber);
    const { out } = await importExcerpt('--dry-run');
    expect(out).toContain('Nothing was stored. Of 10 rows:\n  readable   3\n  left out   7');
    expect(await charted()).toEqual([]);
  });
});
