import { untilKnown } from '../support/furnish.mjs';
import { openHospitals } from '../support/hospitals.mjs';
import { runLoad } from '../support/run-load.mjs';
import { required } from '../support/stack.mjs';
import { describeSpread, spread, whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';
import { connectOwner } from '../support/vitals-table.mjs';

/** @import { Scenario } from '../main.mjs' */
/** @import { Fleet } from '../support/fleet.mjs' */

const BATCH = 10;
const OTHERS = 5;
/** Rows a second. */
const OF_OTHERS = 5_000;
const QUOTA = 2_000;
const FLOOD = 10 * QUOTA;

/**
 * What five hospitals notice while a sixth sends ten times its quota, without heeding that it is refused: their latency
 * from when a batch was due, with the flood and without, in turn.
 * @type {Scenario}
 */
export async function fairness({ quick, progress }) {
  const owner = await connectOwner();
  const [flooder, ...others] = await openHospitals({
    count: OTHERS + 1,
    devicesEach: 320,
    progress: () => undefined,
  });
  if (!flooder) throw new Error('no hospital was opened');
  await owner.query(`update public.hospital set telemetry_rows_per_second = $1 where 'hospital_' || slug = $2`, [
    QUOTA,
    flooder.schema,
  ]);
  for (const hospital of [flooder, ...others]) await untilKnown(hospital);
  const times = quick ? { warmUpSeconds: 1, seconds: 3 } : { warmUpSeconds: 3, seconds: 10 };
  const flood = () =>
    runLoad(order([flooder], FLOOD, { warmUpSeconds: 0, seconds: times.warmUpSeconds + times.seconds }));
  const calm = () => runLoad(order(others, OF_OTHERS, times));
  const faults = new Set();
  /** @type {Record<'calm' | 'flooded', number[]>} p99 of the others, milliseconds */
  const p99 = { calm: [], flooded: [] };
  /** @type {number[]} readings a second the flooder had stored */
  const taken = [];
  const ways = /** @type {const} */ (['calm', 'flooded']);
  for (let round = 0; round < (quick ? 1 : 4); round++) {
    progress(`one hospital at ten times its quota, round ${round + 1}`);
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      const [load, flooded] = await Promise.all([calm(), way === 'flooded' ? flood() : undefined]);
      p99[way].push(load.latency.p99);
      for (const [status, count] of Object.entries(load.failures))
        faults.add(`others: ${count} answers were ${status}`);
      if (!flooded) continue;
      taken.push(flooded.acceptedPerSecond);
      // It is told late that it sends too much, and so cannot send all it would.
      for (const status of Object.keys(flooded.failures))
        if (!['429', 'unanswered'].includes(status)) faults.add(`flooder: answers were ${status}`);
    }
  }
  await owner.end();
  const [quiet, loud] = [spread(p99.calm), spread(p99.flooded)];
  const grown = loud.median / quiet.median - 1;
  return {
    title: `${OTHERS} hospitals with ${whole(OF_OTHERS)} readings/s, a sixth with a quota of ${whole(QUOTA)} sending ${whole(FLOOD)}`,
    text: [
      table(
        ['', 'p99 of the five, ms', ''],
        [
          ['the sixth silent', inMs(quiet), ''],
          [
            'the sixth at ten times its quota',
            inMs(loud),
            `${grown < 0 ? '−' : '+'}${Math.abs(grown * 100).toFixed(0)} %`,
          ],
        ],
      ),
      `It had ${describeSpread(spread(taken))} readings/s stored; the rest was refused with 429 before its body was read.`,
    ].join('\n'),
    aims: [{ what: 'growth of the p99 of the others', is: grown, atMost: 0.2 }],
    faults: [...faults].map(String),
    data: { p99, taken },
  };
}

/**
 * @param {readonly Fleet[]} hospitals
 * @param {number} rowsPerSecond
 * @param {{ warmUpSeconds: number, seconds: number }} times
 */
const order = (hospitals, rowsPerSecond, times) => ({
  ...times,
  url: `${required('HMS_INGEST_URL')}/telemetry`,
  senders: hospitals.flatMap(({ gatewayKey, devices }) =>
    Array.from({ length: devices.length / BATCH }, (_, i) => [
      { gatewayKey, devices: devices.slice(i * BATCH, (i + 1) * BATCH).map(({ name }) => name) },
    ]),
  ),
  keyed: true,
  receipts: true,
  rate: rowsPerSecond / BATCH,
});

/** @param {import('../support/statistics.mjs').Spread} of */
const inMs = ({ median, low, high }) => `${median.toFixed(1)} (${low.toFixed(1)}–${high.toFixed(1)})`;
