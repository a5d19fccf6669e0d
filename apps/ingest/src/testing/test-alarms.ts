import { schemaOf } from '@hms/database';
import pg from 'pg';
import { variable } from './environment.js';
import { eventually } from './eventually.js';
import type { TestDevice, TestHospital } from './test-hospital.js';

/** A reading of one value, so many seconds after the test's beginning. */
export type Shown = readonly [device: TestDevice, second: number, value: number];

export interface EpisodeRow {
  readonly id: string;
  readonly patient_id: string;
  readonly rule: string;
  readonly priority: string;
  readonly state: string;
  /** Seconds after the test's beginning. */
  readonly started: number;
  readonly ended: number | null;
}

/**
 * The functions that decide about alarms, called as ingest calls them but without it: the hospital is suspended, so that
 * no process of the stack looks at it.
 */
export class TestAlarms {
  #flush = 0;
  /** What seconds count from: of the last ten minutes, whose readings alarm. */
  readonly beginning = Date.now() - 5 * 60_000;

  private constructor(private readonly hospital: TestHospital) {}

  static async of(hospital: TestHospital): Promise<TestAlarms> {
    await hospital.rows(`update public.hospital set status = 'suspended' where id = $1`, [hospital.hospital.id]);
    return new TestAlarms(hospital);
  }

  at(second: number): Date {
    return new Date(this.beginning + second * 1_000);
  }

  async store(vital: 'spo2' | 'systolic', ...readings: readonly Shown[]): Promise<void> {
    for (const [{ patientId, no }, second, value] of readings) {
      await this.hospital.rows(
        `insert into {schema}.vitals (recorded_at, flush_no, writer, patient_id, device_no, ${vital})
         values ($1, $2, 32000, $3, $4, $5)`,
        [this.at(second), ++this.#flush, patientId, no, value],
      );
    }
  }

  /** The statement that notes a value below the hospital's limit, from one second to another. */
  noting(vital: 'spo2' | 'systolic', { patientId }: TestDevice, first: number, last = first): string {
    const micros = (second: number): number => this.at(second).getTime() * 1_000;
    const { schema, wardId } = this.hospital;
    const limit = `(select id from ${schema}.alarm_limit where vital = '${vital}' and ward_id is null and patient_id is null)`;
    return `select ${schema}.note_breaches(array['${patientId}'::uuid], array['${wardId}'::uuid], array[null::int],
      array[${limit}], array['low'], array[${micros(first)}::bigint], array[${micros(last)}::bigint], array[60::real]) as raised`;
  }

  async note(vital: 'spo2' | 'systolic', device: TestDevice, first: number, last = first): Promise<number> {
    const [row] = await this.hospital.rows<{ raised: number }>(this.noting(vital, device, first, last));
    return row?.raised ?? 0;
  }

  async sweep(past: string | null = null, most = 500): Promise<{ raised: number; last: string | null } | undefined> {
    const [row] = await this.hospital.rows<{ raised: number; last: string | null }>(
      'select raised, last from {schema}.sweep_alarms($1, $2)',
      [past, most],
    );
    return row;
  }

  /** An alarm as if it had been raised long ago. */
  async raise(
    { patientId }: Pick<TestDevice, 'patientId'>,
    { rule, from, until }: { rule: string; from: number; until?: number },
  ): Promise<string> {
    const state = until === undefined ? 'notified' : 'resolved';
    const [row] = await this.hospital.rows<{ id: string }>(
      `insert into {schema}.alarm (id, kind, rule, patient_id, ward_id, priority, state, started_at, last_seen_at, raised_at,
                                   ended_at)
       values (gen_random_uuid(), 'limit', $1, $2, $3, 'high', $4, $5::timestamptz, $5, $5, $6)
       returning id`,
      [rule, patientId, this.hospital.wardId, state, this.at(from), until === undefined ? null : this.at(until)],
    );
    if (!row) throw new Error('no alarm');
    return row.id;
  }

  /** Makes what is pending look as if it came that long ago by the database's clock. */
  async waited(seconds: number): Promise<void> {
    await this.hospital.rows(
      `update {schema}.alarm set updated_at = now() - $1 * interval '1 second' where state = 'pending'`,
      [seconds],
    );
  }

  /** A worker of the stack, which hears of them all the same, may have told somebody of them by now. */
  episodes({ patientId }: Pick<TestDevice, 'patientId'>): Promise<EpisodeRow[]> {
    return this.hospital.rows(
      `select id, patient_id, rule, priority, case state when 'notified' then 'raised' else state end as state,
              (extract(epoch from started_at) - $2)::float8 as started, (extract(epoch from ended_at) - $2)::float8 as ended
         from {schema}.alarm where patient_id = $1 order by started_at, id`,
      [patientId, this.beginning / 1_000],
    );
  }

  /** Done when a session waits for a lock that this one holds. */
  async waitedFor(client: pg.Client): Promise<void> {
    await eventually(async () => {
      const { rows } = await client.query<{ waiting: boolean }>(
        'select exists (select from pg_stat_activity where pg_backend_pid() = any (pg_blocking_pids(pid))) as waiting',
      );
      return rows[0]?.waiting === true || undefined;
    });
  }

  /** Another session of the database, which gives up a lock it waits for after a moment. */
  async session<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: variable('DATABASE_DIRECT_URL') });
    await client.connect();
    try {
      await client.query(`set search_path = ${schemaOf(this.hospital.hospital.slug)}, public; set lock_timeout = '2s'`);
      return await work(client);
    } finally {
      await client.end();
    }
  }
}
