/** @import pg from 'pg' */
/** @import { Fleet } from './fleet.mjs' */

/**
 * Gives an empty hospital daily partitions, and fills those of the past evenly with readings of its patients. Indexes
 * are built after the rows, which takes a third of the time.
 * @param {pg.Client} owner
 * @param {Fleet} hospital
 * @param {{ days: number, ahead: number, rows: number, progress: (day: number) => void }} wanted
 */
export async function useDayPartitions(owner, { schema, devices }, { days, ahead, rows, progress }) {
  await owner.query(`do $$ declare part regclass; begin
    for part in select inhrelid from pg_inherits where inhparent = '${schema}.vitals'::regclass loop
      execute 'drop table ' || part;
    end loop; end $$`);
  await owner.query(
    `create temporary table monitored on commit preserve rows as
       select * from unnest($1::uuid[], $2::int[]) with ordinality as m (patient_id, device_no, place)`,
    [devices.map(({ patientId }) => patientId), devices.map(({ deviceNo }) => deviceNo)],
  );
  const past = days - ahead;
  for (let day = 0; day < days; day++) {
    const wanted = { schema, offset: day - past + 1, rows: day < past ? Math.round(rows / past) : 0 };
    await addDay(owner, wanted, devices.length);
    progress(day + 1);
  }
  await owner.query('drop table monitored');
}

/**
 * @param {pg.Client} owner
 * @param {{ schema: string, offset: number, rows: number }} wanted days from today, and how many readings
 * @param {number} patients
 */
async function addDay(owner, { schema, offset, rows }, patients) {
  const from = `(date_trunc('day', now(), 'UTC') + ${offset} * interval '1 day')`;
  const {
    rows: [bounds],
  } = await owner.query(
    `select to_char(${from}, 'YYYYMMDD') as name, ${from}::text as low, (${from} + interval '1 day')::text as high`,
  );
  const part = `${schema}.vitals_bench_${bounds.name}`;
  await owner.query(`create table ${part} (like ${schema}.vitals including defaults)`);
  if (rows > 0) {
    await owner.query(
      `insert into ${part} (patient_id, device_no, recorded_at, flush_no, writer, heart_rate, resp_rate, spo2, systolic, diastolic, temperature)
       select m.patient_id, m.device_no, ${from} + round * interval '1 second', 0, 0, 72, 14, 97, 118, 76, 36.8
         from generate_series(0, $1::int - 1) round cross join monitored m
        where ${from} + round * interval '1 second' < now()`,
      [Math.ceil(rows / patients)],
    );
  }
  await owner.query(`alter table ${part} add primary key (patient_id, recorded_at, device_no)`);
  await owner.query(
    `alter table ${schema}.vitals attach partition ${part} for values from ('${bounds.low}') to ('${bounds.high}')`,
  );
}
