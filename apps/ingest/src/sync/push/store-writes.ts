import type { SyncEntityName } from '@hms/contracts';
import type { TransactionSql } from 'postgres';
import { entities } from '../entities/registry.js';
import { insertRows, takeRecordNumbers, updateRows } from './push-statements.js';
import type { Write } from './working-set.js';
import { formatMrn } from '@hms/contracts';

/** Stores what the ops changed, set by set: kind by kind in the order of the registry, a row's changes wave by wave. */
export async function storeWrites(tx: TransactionSql, schema: string, writes: readonly Write[]): Promise<void> {
  const numbered = await withRecordNumbers(tx, schema, writes);
  for (const name of Object.keys(entities) as SyncEntityName[]) {
    const own = numbered.filter(({ entity }) => entity === name);
    const waves = Math.max(0, ...own.map(({ wave }) => wave + 1));
    for (let wave = 0; wave < waves; wave++) {
      const now = own.filter((write) => write.wave === wave);
      await insert(
        tx,
        schema,
        name,
        now.filter(({ kind }) => kind === 'insert'),
      );
      await update(
        tx,
        schema,
        name,
        now.filter(({ kind }) => kind === 'update'),
      );
    }
  }
}

async function insert(
  tx: TransactionSql,
  schema: string,
  name: SyncEntityName,
  writes: readonly Write[],
): Promise<void> {
  const [first] = writes;
  if (!first) return;
  const rows = writes.map(({ columns }) => columns);
  await tx.unsafe(insertRows(schema, name, Object.keys(first.columns)), [JSON.stringify(rows)]);
}

async function update(
  tx: TransactionSql,
  schema: string,
  name: SyncEntityName,
  writes: readonly Write[],
): Promise<void> {
  if (writes.length === 0) return;
  const columns = [...new Set(writes.flatMap((write) => Object.keys(write.columns)))];
  const changes = writes.map((write) => write.columns);
  const { count } = await tx.unsafe(updateRows(schema, name, columns), [JSON.stringify(changes)]);
  if (count !== writes.length) throw new Error(`${name}: ${count} of ${writes.length} rows were changed`);
}

/** Gives the hospital's next numbers to patients who came without one. */
async function withRecordNumbers(
  tx: TransactionSql,
  schema: string,
  writes: readonly Write[],
): Promise<readonly Write[]> {
  const needy = new Set(writes.filter(isNumberless));
  if (needy.size === 0) return writes;
  const [counter] = await tx.unsafe<{ last: string }[]>(takeRecordNumbers(schema), [needy.size]);
  let next = BigInt(counter?.last ?? 0) - BigInt(needy.size);
  return writes.map((write) =>
    needy.has(write) ? { ...write, columns: { ...write.columns, mrn: formatMrn(++next) } } : write,
  );
}

const isNumberless = ({ entity, kind, columns }: Write): boolean =>
  entity === 'patients' && kind === 'insert' && (columns['mrn'] ?? null) === null;
