import { join } from 'node:path';
import { URLSearchParams } from 'node:url';

/** @import { Binary } from '../../../deploy/local/servers/locate.mjs' */
/** @import { Client, LineProduct } from './line-store.mjs' */

const DATABASE = 'hms';

/**
 * InfluxDB 1 with accounts, as ingest has keys. Its log is synced to disk before each answer: that is its default.
 * @param {Binary} binary
 * @returns {LineProduct}
 */
export const influxdb = (binary) => ({
  name: 'influxdb',
  binary,
  command: ({ folder, address }) => ({
    args: ['run'],
    env: {
      INFLUXDB_REPORTING_DISABLED: 'true',
      // Of backups, which nobody makes here: any port will do.
      INFLUXDB_BIND_ADDRESS: '127.0.0.1:0',
      INFLUXDB_META_DIR: join(folder, 'meta'),
      INFLUXDB_DATA_DIR: join(folder, 'data'),
      INFLUXDB_DATA_WAL_DIR: join(folder, 'wal'),
      INFLUXDB_DATA_WAL_FSYNC_DELAY: '0s',
      INFLUXDB_MONITOR_STORE_ENABLED: 'false',
      INFLUXDB_HTTP_BIND_ADDRESS: address,
      INFLUXDB_HTTP_AUTH_ENABLED: 'true',
      INFLUXDB_HTTP_LOG_ENABLED: 'false',
    },
  }),
  alive: '/ping',
  write: `/write?db=${DATABASE}&precision=ms`,
  prepare: async (client, password) => {
    await query(client, `CREATE USER gateway WITH PASSWORD '${password}' WITH ALL PRIVILEGES`);
    await query(client, `CREATE DATABASE ${DATABASE}`);
  },
  count: async (client) => {
    const [result] = await query(client, 'SELECT count(hr) FROM vitals');
    return Number(result?.series?.[0]?.values?.[0]?.[1] ?? 0);
  },
});

/**
 * @param {Client} client
 * @param {string} q
 * @returns {Promise<{ series?: { values: unknown[][] }[] }[]>}
 */
async function query({ ask }, q) {
  const answer = await ask('/query', new URLSearchParams({ db: DATABASE, q }));
  const { results } = /** @type {{ results: { error?: string, series?: { values: unknown[][] }[] }[] }} */ (answer);
  const refused = results.find(({ error }) => error !== undefined);
  if (refused) throw new Error(refused.error);
  return results;
}
