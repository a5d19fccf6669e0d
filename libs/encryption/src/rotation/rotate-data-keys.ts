import { setTimeout } from 'node:timers/promises';
import { OperatorError, schemaOf, type HospitalRef } from '@hms/database';
import type pg from 'pg';
import type { NamedKey } from '../cipher/sealed-text.js';
import { keyBoundTo, type StoredDataKey } from '../keys/data-key.js';
import { keyRingMaxAgeMs, newDataKey } from '../keys/data-keys.js';
import type { KeyProvider } from '../keys/key-provider.js';
import { dataKeyColumns, PgDataKeyStore } from '../keys/pg-data-key-store.js';
import { resealColumn, type Reseal, type ResealTally } from './reseal.js';
import { sealedColumns } from './sealed-columns.js';

/** Whose values get a new data key: a hospital's, or the platform's own. */
export type RotatedScope = HospitalRef | null;

export interface ScopeRotation extends ResealTally {
  readonly scope: RotatedScope;
}

export interface DataKeyRotationOptions {
  /** How long every process may take to learn of a key, and then to end what it began, in milliseconds. */
  readonly settleMs?: number;
  /** Rows of one transaction. */
  readonly batchSize?: number;
}

interface Rotation extends Reseal {
  readonly scope: RotatedScope;
}

/**
 * Gives each scope a new data key and seals all its values anew, while everybody reads and writes. A key is known
 * everywhere before a value needs it, so no read fails; rows move in small transactions, so a run that was killed is
 * finished by the next one, which makes no further key. Keys stay unretired while a value under them is unreadable.
 */
export async function rotateDataKeys(
  owner: pg.ClientBase,
  provider: KeyProvider,
  scopes: readonly RotatedScope[],
  { settleMs = 2 * keyRingMaxAgeMs, batchSize = 500 }: DataKeyRotationOptions = {},
): Promise<ScopeRotation[]> {
  await lockRotation(owner);
  const rotations: Rotation[] = [];
  for (const scope of scopes) {
    const keys = await withSuccessor(owner, provider, scope, settleMs);
    if (keys.length > 1) rotations.push(await rotationOf(provider, scope, keys, batchSize));
  }
  if (rotations.length === 0) return [];
  await setTimeout(await untilAllSeal(owner, rotations));
  const first = await sweep(owner, rotations);
  // Whoever still sealed with an old key ends meanwhile.
  await setTimeout(settleMs);
  const last = await sweep(owner, rotations);
  for (const [i, rotation] of rotations.entries()) if (last[i]?.unreadable === 0) await retire(owner, rotation);
  return rotations.map(({ scope }, i) => ({
    scope,
    resealed: (first[i]?.resealed ?? 0) + (last[i]?.resealed ?? 0),
    unreadable: last[i]?.unreadable ?? 0,
  }));
}

async function lockRotation(owner: pg.ClientBase): Promise<void> {
  const { rows } = await owner.query<{ locked: boolean }>(
    `select pg_try_advisory_lock(hashtext('hms.rotate-data')) as locked`, // released with the connection
  );
  if (!rows[0]?.locked) throw new OperatorError('Data keys are being rotated already; wait until that has ended.');
}

/** The scope's field keys, the newest first; with a successor unless an earlier run left one. */
async function withSuccessor(
  owner: pg.ClientBase,
  provider: KeyProvider,
  scope: RotatedScope,
  settleMs: number,
): Promise<readonly StoredDataKey[]> {
  const hospitalId = scope?.id ?? null;
  const present = await fieldKeys(owner, hospitalId);
  const [newest] = present;
  if (!newest || present.filter(({ retired }) => !retired).length > 1) return present;
  const about = { hospitalId, purpose: 'field', generation: newest.generation + 1 } as const;
  await new PgDataKeyStore(owner).addSealingAfter(await newDataKey(provider, about), settleMs);
  return fieldKeys(owner, hospitalId);
}

async function fieldKeys(
  owner: pg.ClientBase,
  hospitalId: string | null,
): Promise<readonly (StoredDataKey & { readonly retired: boolean })[]> {
  const { rows } = await owner.query<StoredDataKey & { retired: boolean }>(
    `select ${dataKeyColumns}, retired_at is not null as retired from public.data_key
      where hospital_id is not distinct from $1 and purpose = 'field' order by generation desc`,
    [hospitalId],
  );
  return rows;
}

async function rotationOf(
  provider: KeyProvider,
  scope: RotatedScope,
  keys: readonly StoredDataKey[],
  batchSize: number,
): Promise<Rotation> {
  const named: NamedKey[] = [];
  for (const key of keys) named.push({ id: key.kid, secret: await provider.unwrap(key, keyBoundTo(key)) });
  const [target, ...older] = named;
  if (!target) throw new Error('a rotation has a key to rotate to');
  return { scope, hospitalId: scope?.id ?? null, target, older: new Map(older.map((key) => [key.id, key])), batchSize };
}

/** Milliseconds until every target seals, by the database's clock. */
async function untilAllSeal(owner: pg.ClientBase, rotations: readonly Rotation[]): Promise<number> {
  const { rows } = await owner.query<{ ms: number }>(
    `select greatest(0, ceil(extract(epoch from max(seals_from) - now()) * 1000))::int as ms
       from public.data_key where kid = any ($1)`,
    [rotations.map(({ target }) => target.id)],
  );
  return rows[0]?.ms ?? 0;
}

async function sweep(owner: pg.ClientBase, rotations: readonly Rotation[]): Promise<ResealTally[]> {
  const tallies: ResealTally[] = [];
  for (const rotation of rotations) {
    const schemas = rotation.scope ? ['public', schemaOf(rotation.scope.slug)] : ['public'];
    const total = { resealed: 0, unreadable: 0 };
    for (const column of await sealedColumns(owner, schemas)) {
      const { resealed, unreadable } = await resealColumn(owner, column, rotation);
      total.resealed += resealed;
      total.unreadable += unreadable;
    }
    tallies.push(total);
  }
  return tallies;
}

async function retire(owner: pg.ClientBase, { older }: Rotation): Promise<void> {
  await owner.query('update public.data_key set retired_at = now() where kid = any ($1) and retired_at is null', [
    [...older.keys()],
  ]);
}
