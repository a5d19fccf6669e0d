import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { vitalSigns, type VitalValue } from '@hms/contracts';
import { from as copyFrom } from 'pg-copy-streams';
import { SimulatedPatient } from '../../simulate/physiology.js';
import { profileOf } from '../../simulate/profile.js';
import { insertRows } from '../insert-rows.js';
import { type PlannedStay } from '../plan.js';
import { type FeatureSeed, type SeedContext } from './seed-context.js';

const historyMs = 3 * 24 * 3_600_000;
const everyMs = 5 * 60_000;
/** Ingest numbers its writers from 1, so this commit can be nobody else's. */
const seedFlush = { writer: 0, flush_no: 1 };

/** Three days of charted vitals for everybody who lay at a monitor. All of it or, when some is there, nothing. */
export const seedVitals: FeatureSeed = async (context) => {
  const { owner, schema, now } = context;
  if (await isSeeded(context)) return;
  await owner.query(`select ${schema}.ensure_telemetry_partitions($1, $2)`, [new Date(now.getTime() - historyMs), now]);
  const history = new History(context, await deviceNumbers(context));
  const columns = [
    'recorded_at',
    'flush_no',
    'writer',
    'patient_id',
    'device_no',
    ...vitalSigns.map((sign) => sign.column),
  ];
  const copy = owner.query(copyFrom(`copy ${schema}.vitals (${columns.join(', ')}) from stdin`));
  await pipeline(Readable.from(history.lines()), copy);
  await owner.query(`select ${schema}.refresh_vitals_latest(id, $1) from ${schema}.patient`, [
    new Date(now.getTime() - historyMs),
  ]);
  await insertRows(owner, `${schema}.telemetry_flush`, [{ ...seedFlush, committed_at: now, rows: history.rows }]);
};

async function isSeeded({ owner, schema }: SeedContext): Promise<boolean> {
  const { rowCount } = await owner.query(`select from ${schema}.telemetry_flush where writer = $1 and flush_no = $2`, [
    seedFlush.writer,
    seedFlush.flush_no,
  ]);
  return rowCount !== 0;
}

async function deviceNumbers({ owner, schema }: SeedContext): Promise<ReadonlyMap<string, number>> {
  const { rows } = await owner.query<{ id: string; device_no: number }>(`select id, device_no from ${schema}.device`);
  return new Map(rows.map((row) => [row.id, row.device_no]));
}

/** Makes the readings as it is read. */
class History {
  rows = 0;

  constructor(
    private readonly context: SeedContext,
    private readonly deviceNumbers: ReadonlyMap<string, number>,
  ) {}

  /** Lines of PostgreSQL's text format, one chunk a stay. */
  *lines(): Generator<string> {
    for (const [index, device] of this.context.plan.devices.entries()) {
      for (const stay of device.stays) yield this.#stay(stay, index, this.deviceNumbers.get(device.id) ?? 0);
    }
  }

  #stay(stay: PlannedStay, index: number, deviceNo: number): string {
    const { now, plan, seed } = this.context;
    const { birthDate, id } = stay.patient;
    const live = profileOf({ index, birthDate, timezone: plan.definition.timezone }, now.getTime());
    const charted = { ...live, artefacts: false, cycleMinutes: 15 * 60, pressureEveryMinutes: 30 };
    const patient = new SimulatedPatient(charted, `${seed}:${id}`);
    const end = stay.to?.getTime() ?? now.getTime();
    let text = '';
    for (let at = Math.max(stay.from.getTime(), now.getTime() - historyMs); at < end; at += everyMs) {
      const reading = patient.read(at);
      const time = new Date(at).toISOString();
      const cells = vitalSigns.map(({ wire }) => cell(reading[wire]));
      text += [time, seedFlush.flush_no, seedFlush.writer, id, deviceNo, ...cells].join('\t') + '\n';
      this.rows++;
    }
    return text;
  }
}

const cell = (value: VitalValue | undefined): string => (value === undefined ? '\\N' : String(value));
