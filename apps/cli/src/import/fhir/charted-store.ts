import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { chartedToNumber, vitalSigns } from '@hms/contracts';
import { repeatVictims } from '@hms/database';
import { from as copyFrom } from 'pg-copy-streams';
import { uuidv7 } from 'uuidv7';
import { inTransaction } from '../../in-transaction.js';
import type { Chunk } from '../chunks.js';
import type { Counts, ImportLedger } from '../import-ledger.js';
import type { ChunkStore } from '../import-run.js';
import { microsText } from '../time.js';
import type { ChartedReading } from './charted-reader.js';

const staged = 'id, line, patient_id, code, value, recorded_at';

/** Adds what another system charted to what was charted here. A value that is there already stays as it is. */
export class ChartedStore implements ChunkStore<ChartedReading> {
  private constructor(private readonly ledger: ImportLedger) {}

  static async open(ledger: ImportLedger): Promise<ChartedStore> {
    await ledger.owner.query(
      `create temporary table staged_charted on commit delete rows as
       select id, 0::bigint as line, patient_id, code, value, recorded_at
         from ${ledger.schema}.charted_observation with no data`,
    );
    return new ChartedStore(ledger);
  }

  store(chunk: Chunk<ChartedReading>, rejectsBytes: number): Promise<Counts> {
    const { owner } = this.ledger;
    return repeatVictims(() => inTransaction(owner, () => this.#write(chunk, rejectsBytes)));
  }

  async #write(chunk: Chunk<ChartedReading>, rejectsBytes: number): Promise<Counts> {
    const { owner, schema, importId } = this.ledger;
    const copy = owner.query(copyFrom(`copy pg_temp.staged_charted (${staged}) from stdin`));
    await pipeline(Readable.from([chunk.items.flatMap(linesOf).join('')]), copy);
    const { rows } = await owner.query<{ accepted: number }>(
      `with stored as (
         insert into ${schema}.charted_observation (id, patient_id, code, value, recorded_at, method, import_id)
         select id, patient_id, code, value, recorded_at, 'imported', $1 from pg_temp.staged_charted
          order by patient_id, code, recorded_at, line
         on conflict (patient_id, code, recorded_at) where method = 'imported' do nothing returning id)
       select count(distinct line)::int as accepted from pg_temp.staged_charted join stored using (id)`,
      [importId],
    );
    return this.ledger.record(chunk, { accepted: rows[0]?.accepted ?? 0, unassigned: 0 }, rejectsBytes);
  }
}

const linesOf = ({ line, patientId, micros, values }: ChartedReading): string[] =>
  vitalSigns.flatMap(({ code }, i) => {
    const value = values[i] ?? null;
    if (value === null) return [];
    return [`${[uuidv7(), line, patientId, code, chartedToNumber(code, value), microsText(micros)].join('\t')}\n`];
  });
