import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileRecord } from '../records.js';
import { type FileResource, openFhir, type Resources } from './fhir-file.js';
import { FilePatients } from './file-patients.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hms-fhir-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function open(text: string): ReturnType<typeof openFhir> {
  const path = join(folder, 'file');
  await writeFile(path, text);
  return openFhir(path, (start) => createReadStream(path, { start }));
}
async function all(resources: Resources): Promise<FileRecord<FileResource>[]> {
  const found: FileRecord<FileResource>[] = [];
  for await (const record of resources) found.push(record);
  return found;
}

const patient = {
  ...{ resourceType: 'Patient', id: 'x' },
  identifier: [{ system: 'urn:ehr', value: '17' }, { value: 'no system' }, { system: 'urn:ssn', value: '999' }],
};
const observations = [1, 2, 3].map((id) => ({ resourceType: 'Observation', id: String(id) }));
const resources = [patient, ...observations];
const bundle = {
  resourceType: 'Bundle',
  entry: resources.map((resource, i) => ({ fullUrl: `urn:uuid:${i}`, resource })),
};

describe.each([
  ['a Bundle', JSON.stringify(bundle, undefined, 2)],
  ['a Bundle in one line', JSON.stringify(bundle)],
  ['a line for each resource', resources.map((each) => JSON.stringify(each)).join('\n')],
])('a file with %s', (_, text) => {
  it('has its resources, from any of them on as from the beginning', async () => {
    const from = await open(text);
    const found = await all(from());
    expect(found.map(({ said }) => 'resource' in said && said.resource)).toEqual(resources);
    expect(found.map(({ line }) => line)).toEqual([1, 2, 3, 4]);
    expect(found.at(-1)?.next.byte).toBe(Buffer.byteLength(text));
    for (const [i, { next }] of found.entries()) expect(await all(from(next))).toEqual(found.slice(i + 1));
  });

  it('says who its patients are', async () => {
    const patients = await FilePatients.of((await open(text))());
    const identity = {
      ids: ['x'],
      identifiers: [
        { system: 'urn:ehr', value: '17' },
        { system: 'urn:ssn', value: '999' },
      ],
    };
    for (const reference of ['Patient/x', 'https://ehr.example/fhir/Patient/x/_history/2']) {
      expect(patients.identityOf({ reference })).toEqual(identity);
    }
    expect(patients.identityOf({ reference: 'Patient/y', identifier: { system: 'urn:ehr', value: '18' } })).toEqual({
      ids: ['y'],
      identifiers: [{ system: 'urn:ehr', value: '18' }],
    });
    expect(patients.identityOf({})).toEqual({ ids: [], identifiers: [] });
  });
});

describe('a file', () => {
  it('loses a line that is no resource, and no other', async () => {
    const found = await all((await open(`${JSON.stringify(patient)}\n[]\n{\n{}\n`))());
    expect(found.map(({ said }) => ('code' in said ? said.code : 'resource'))).toEqual([
      'resource',
      'malformed',
      'malformed',
      'resource',
    ]);
  });

  it('resolves references by the URLs of a Bundle', async () => {
    const patients = await FilePatients.of((await open(JSON.stringify(bundle)))());
    expect(patients.identityOf({ reference: 'urn:uuid:0' }).ids).toEqual(['x']);
  });

  it.each(['', 'no JSON', '[]', '{"a":1}', '{"resourceType":"Bundle","entry":[1]}'])(
    'is refused when it is %j',
    async (text) => {
      await expect(open(text)).rejects.toThrow('neither a FHIR Bundle nor');
    },
  );
});

describe('patients of two systems in one file', () => {
  const stated = (value: string): object => ({
    ...{ resourceType: 'Patient', id: '1', identifier: [{ system: 'urn:ehr', value }] },
  });
  const at = (base: string, value: string): object => ({ fullUrl: `${base}/Patient/1`, resource: stated(value) });
  const identityIn = async (file: object | readonly object[], reference: string): Promise<unknown> => {
    const text = [file]
      .flat()
      .map((each) => JSON.stringify(each))
      .join('\n');
    const patients = await FilePatients.of((await open(text))());
    return patients.identityOf({ reference }).identifiers.map(({ value }) => value);
  };

  it('are told apart by their addresses, and an id of both leads to neither', async () => {
    const entry = [at('https://a.example', 'A'), at('https://b.example', 'B')];
    const both = { resourceType: 'Bundle', entry };
    expect(await identityIn(both, 'https://a.example/Patient/1')).toEqual(['A']);
    expect(await identityIn(both, 'https://b.example/Patient/1/_history/3')).toEqual(['B']);
    expect(await identityIn(both, 'Patient/1')).toEqual([]);
    expect(await identityIn([stated('A'), stated('B')], 'https://a.example/Patient/1')).toEqual([]);
    expect(await identityIn({ resourceType: 'Bundle', entry: entry.slice(1) }, 'https://a.example/Patient/1')).toEqual(
      [],
    );
  });
});
