import { beforeAll, describe, expect, it } from '@jest/globals';
import type { SyncResponse } from '@hms/contracts';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { uuidv7 } from 'uuidv7';
import { useSyncWards } from '../testing/sync-wards.js';
import { openClinic, slotIn, type TestClinic } from '../testing/test-clinic.js';
import type { GivenOp, TestPhone } from '../testing/test-sync.js';

/** What is read of a conversation, as docs/sync/vectors/README.md describes it. */
interface Vector {
  readonly name: string;
  readonly steps: readonly Step[];
}

interface Step {
  readonly change?: Change;
  readonly reissue?: { readonly op: string; readonly fields?: object };
  readonly sync?: readonly { readonly answer: 'lost' | { readonly body: Partial<SyncResponse> } }[];
}

interface Change {
  readonly kind: string;
  readonly entity: string;
  readonly id: string;
  readonly fields?: object;
  readonly name?: string;
  readonly args?: object;
  readonly reason?: string;
}

const directory = fileURLToPath(new URL('../../../../docs/sync/vectors/', import.meta.url));
const files = readdirSync(directory).filter((file) => file.endsWith('.json') && file !== 'defaults.json');

const on = useSyncWards();
let clinic: TestClinic;
let desk: TestPhone;
let one: TestPhone;
beforeAll(async () => {
  clinic = await openClinic(on.hospital);
  desk = await on.phone();
  one = await on.adminPhone();
});

/** The conversation, about rows no other is about, at times that are still to come. */
function vectorOf(file: string): Vector {
  const ids = new Map([
    ['31', clinic.providerId],
    ['32', clinic.serviceId],
  ]);
  const fresh = (_: string, number: string): string => {
    const id = ids.get(number) ?? uuidv7();
    ids.set(number, id);
    return id;
  };
  const text = readFileSync(directory + file, 'utf8')
    .replaceAll(/01890000-0000-7000-8000-0000000000(\d\d)/g, fresh)
    .replaceAll(/"2026-01-06T09:[03]0:00.000Z"/g, JSON.stringify(slotIn(24)));
  return JSON.parse(text) as Vector;
}

/** The changes of the conversation in the order of their numbers. */
function changesOf({ steps }: Vector): Change[] {
  const changes: Change[] = [];
  for (const { change, reissue } of steps) {
    if (change) changes.push(change);
    const before = reissue && changes[Number(reissue.op.slice('$op'.length)) - 1];
    if (before) changes.push({ ...before, fields: { ...before.fields, ...reissue.fields } });
  }
  return changes;
}

const bodiesOf = ({ steps }: Vector): Partial<SyncResponse>[] =>
  steps.flatMap(({ sync = [] }) => sync.flatMap(({ answer }) => (answer === 'lost' ? [] : [answer.body])));

/** Numbers of the ops that took effect as they were sent. */
const appliedIn = (vector: Vector): ReadonlySet<number> =>
  new Set(
    bodiesOf(vector)
      .flatMap(({ results = [] }) => results)
      .filter(({ status, was }) => (was ?? status) === 'applied')
      .map(({ seq }) => seq),
  );

/** Rows somebody else made, as far as a change is about them. */
function groundOf(vector: Vector, changes: readonly Change[]): GivenOp[] {
  const made = new Set(changes.filter(({ kind }) => kind === 'create').map(({ id }) => id));
  const patient = (id: string): GivenOp => ({
    entity: 'patients',
    id,
    patch: { familyName: 'Otieno', givenName: 'Brian' },
  });
  const rows = bodiesOf(vector).flatMap(({ changes: news }) => news?.['notes']?.put ?? []);
  const notes = rows.map(({ id, patientId, kind, text }) => ({
    entity: 'notes',
    id,
    patch: { patientId, kind, text },
  }));
  const patientIds = [
    ...changes.flatMap(({ entity, id, fields }) => (entity === 'patients' ? [id] : patientOf(fields))),
    ...notes.flatMap(({ patch }) => patientOf(patch)),
  ];
  return [...new Set(patientIds)]
    .filter((id) => !made.has(id))
    .map((id) => patient(id))
    .concat(notes);
}

const patientOf = (fields: object = {}): string[] =>
  'patientId' in fields && typeof fields.patientId === 'string' ? [fields.patientId] : [];

function opOf({ kind, entity, id, fields, name, args = {}, reason }: Change): GivenOp {
  if (kind === 'command') return { kind, entity, id, cmd: { name, args } };
  return { kind, entity, id, patch: reason === undefined ? { ...fields } : { deletedReason: reason } };
}

describe('what the conversations in docs/sync/vectors call applied', () => {
  it.each(files)('this server applies: %s', async (file) => {
    const vector = vectorOf(file);
    const changes = changesOf(vector);
    const applied = appliedIn(vector);
    const versions = new Map<string, number>();
    for (const op of groundOf(vector, changes)) {
      const { results } = (await desk.push([desk.op(op)])).body;
      expect(results).toMatchObject([{ status: 'applied' }]);
      versions.set(String(op.id), Number(results[0]?.ver));
    }
    for (const [index, change] of changes.entries()) {
      if (!applied.has(index + 1)) continue;
      // Versions are not those of the conversation: what is in the way there is not made here.
      const base = versions.get(change.id);
      const op = one.op({ ...opOf(change), ...(change.kind === 'create' || base === undefined ? {} : { base }) });
      const { results } = (await one.push([op])).body;
      expect(results).toMatchObject([{ status: 'applied' }]);
      versions.set(change.id, Number(results[0]?.ver));
    }
  });
});
