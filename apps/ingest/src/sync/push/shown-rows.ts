import { syncEntities, syncEntityNames, type SyncEntityName } from '@hms/contracts';
import { entities } from '../entities/registry.js';
import { type Projection, projectionOf } from '../pull/projection.js';
import { rowsToShow, type ShownRow } from '../sql.js';
import type { HospitalTransaction } from './hospital-transaction.js';
import type { Answered, AnsweredPush } from './push-request.js';

/** What has to be read of one kind of row in one form, and for whom. */
interface Wanted {
  readonly name: SyncEntityName;
  readonly projection: Projection;
  readonly ids: Set<string>;
}

/**
 * Adds to results the rows they are about, as they stand now, where the device may hold them. Its statements follow at
 * once upon those sent before.
 */
export async function withRows(
  { tx, hospital: { schema } }: HospitalTransaction,
  answers: readonly AnsweredPush[],
): Promise<AnsweredPush[]> {
  const rows = new Map<string, ShownRow>();
  await Promise.all(
    wantedBy(answers).map(async ({ name, projection, ids }) => {
      const statement = rowsToShow(schema, name, projection.fields);
      for (const row of await tx.unsafe<ShownRow[]>(statement, [JSON.stringify([...ids])])) {
        rows.set(`${projection.id} ${row.id}`, row);
      }
    }),
  );
  return answers.map((answer) => ({
    ...answer,
    results: answer.results.map((answered) => withRow(answered, answer, rows)),
  }));
}

function wantedBy(answers: readonly AnsweredPush[]): Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const { request, results } of answers) {
    const { permissions } = request.actor;
    for (const name of syncEntityNames.filter((each) => permissions.has(syncEntities[each].read))) {
      const ids = results.flatMap(({ target }) => (target?.entity === name ? [target.id] : []));
      if (ids.length === 0) continue;
      const projection = projectionOf(entities[name], permissions);
      const known = wanted.get(projection.id) ?? { name, projection, ids: new Set() };
      for (const id of ids) known.ids.add(id);
      wanted.set(projection.id, known);
    }
  }
  return [...wanted.values()];
}

function withRow(answered: Answered, { request, scope }: AnsweredPush, rows: ReadonlyMap<string, ShownRow>): Answered {
  const { target } = answered;
  const { permissions } = request.actor;
  if (!target || !permissions.has(syncEntities[target.entity].read)) return answered;
  const found = rows.get(`${projectionOf(entities[target.entity], permissions).id} ${target.id}`);
  return found?.keys.some((key) => scope.keys.includes(key)) ? { ...answered, row: found.row } : answered;
}
