import { URLSearchParams } from 'node:url';

/** @import { Binary } from '../../../deploy/local/servers/locate.mjs' */
/** @import { LineProduct } from './line-store.mjs' */

const AHEAD_SECONDS = 60;

/**
 * VictoriaMetrics with a password, as ingest has keys. It keeps what is new in memory and writes it out later.
 * @param {Binary} binary
 * @returns {LineProduct}
 */
export const victoriaMetrics = (binary) => ({
  name: 'victoria-metrics',
  binary,
  command: ({ folder, address, user, password }) => ({
    args: [
      `-storageDataPath=${folder}`,
      `-httpListenAddr=${address}`,
      '-loggerLevel=WARN',
      // Else queries leave out the last half minute.
      '-search.latencyOffset=0s',
      '-envflag.enable',
    ],
    env: { httpAuth_username: user, httpAuth_password: password },
  }),
  alive: '/health',
  write: '/write?precision=ms',
  prepare: () => Promise.resolve(),
  count: async ({ ask }) => {
    await ask('/internal/force_flush');
    const until = Math.ceil(Date.now() / 1_000) + AHEAD_SECONDS;
    const query = new URLSearchParams({
      query: 'sum(count_over_time(vitals_hr[1h]))',
      time: String(until),
      nocache: '1',
    });
    const answer = await ask(`/api/v1/query?${query}`);
    const { data } = /** @type {{ data: { result: { value: [number, string] }[] } }} */ (answer);
    return Number(data.result[0]?.value[1] ?? 0);
  },
});
