import { createServer } from 'node:net';
import { Failure } from './failure.mjs';

/** The kernel hands out ports from here upward to outgoing connections: a server there would collide at random. */
const EPHEMERAL_START = 32_768;
const SPAN = 41;

/**
 * @typedef {object} Ports
 * @property {number} nginx the public port
 * @property {number} tls the public port over TLS
 * @property {number} postgres
 * @property {number} replica
 * @property {number} pgbouncer
 * @property {number} redis
 * @property {number[]} api one for each process
 * @property {number[]} worker
 * @property {number[]} ingest
 * @property {number} mllp HL7 v2, of the first ingest process
 * @property {number} mail SMTP
 * @property {number} mailbox where caught mails are shown, HTTP
 * @property {number} mqtt the broker
 * @property {number} control of the supervisor itself
 */

/**
 * Every port follows from the public one, so that moving it moves all.
 * @param {number} base
 * @param {{ api: number, worker: number, ingest: number }} counts processes of each service
 * @returns {Ports}
 */
export function planPorts(base, counts) {
  if (!Number.isInteger(base) || base < 1024 || base + SPAN > EPHEMERAL_START) {
    throw new Failure(`The public port must be between 1024 and ${EPHEMERAL_START - SPAN}.`, {
      advice: 'Set HMS_PORT to a number in that range.',
    });
  }
  const spread = (/** @type {number} */ first, /** @type {number} */ next, /** @type {number} */ count) =>
    Array.from({ length: count }, (_, index) => base + (index === 0 ? first : next + index));
  return {
    nginx: base,
    postgres: base + 1,
    replica: base + 2,
    pgbouncer: base + 3,
    redis: base + 4,
    api: spread(5, 9, counts.api),
    worker: spread(6, 19, counts.worker),
    ingest: spread(7, 29, counts.ingest),
    control: base + 8,
    tls: base + 9,
    mllp: base + 37,
    mail: base + 38,
    mailbox: base + 39,
    mqtt: base + 40,
  };
}

/**
 * @param {[name: string, port: number][]} wanted
 * @param {string} variable the one that moves all ports
 * @throws {Failure} that names the first port somebody else holds
 */
export async function requireFree(wanted, variable) {
  for (const [name, port] of wanted) {
    if (!(await isFree(port))) {
      throw new Failure(`Port ${port} (for ${name}) is taken.`, {
        advice: `Stop what listens there, or set ${variable} to another number: it moves every port.`,
      });
    }
  }
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
