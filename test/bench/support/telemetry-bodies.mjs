const TIME_DIGITS = 13;
/** What stands for a time until the first stamp. */
const UNSTAMPED = String(10 ** (TIME_DIGITS - 1));
/** Devices that send more often than the clock ticks begin in the past, so that they do not get ahead of it. */
const BEHIND_MS = 300_000;

/**
 * @typedef {object} Sender
 * @property {string} gatewayKey
 * @property {readonly string[]} devices
 * @property {number} [each] readings of each device in a batch; absent: one
 */

/** How a request says what it measured: as ingest's own JSON, or as line protocol. @typedef {'json' | 'lines'} Format */

/** Whom requests of lines name, with the gateway's key as the password. */
export const LINES_USER = 'gateway';

/** @param {string} gatewayKey */
export const basicAuthorization = (gatewayKey) =>
  `Basic ${Buffer.from(`${LINES_USER}:${gatewayKey}`).toString('base64')}`;

/** A vitals reading as every scenario sends it: seven values, as a ward monitor measures them. */
export const COLUMNS = /** @type {const} */ (['hr', 'rr', 'spo2', 'sys', 'dia', 'temp']);
export const VALUES = /** @type {const} */ ([72, 14, 97, 118, 76, 36.8]);

/**
 * A request, head and body, built once and stamped anew before each sending: batch key and times are written over the
 * old ones in place, so that no two requests are alike and building them costs next to nothing.
 */
export class StampedRequest {
  /** @type {Buffer} */
  bytes;
  /** Where the times begin. @type {number[]} */
  #times = [];
  #key = -1;
  #time;
  /** How many readings of each device, a millisecond apart. */
  #each;

  /**
   * @param {{ host: string, path: string }} to
   * @param {Sender} sender
   * @param {{ keyed: boolean, format?: Format }} options keyed: the batch carries a key, as gateways send it; lines cannot
   */
  constructor({ host, path }, sender, { keyed, format = 'json' }) {
    const { each = 1 } = sender;
    this.#each = each;
    this.#time = each === 1 ? 0 : Date.now() - BEHIND_MS;
    const { authorization, type, body, time } = format === 'json' ? jsonOf(sender, keyed) : linesOf(sender);
    const head =
      `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${authorization}\r\n` +
      `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    this.bytes = Buffer.from(head + body, 'latin1');
    for (let at = this.bytes.indexOf(time); at !== -1; at = this.bytes.indexOf(time, at + 1)) this.#times.push(at + 1);
    if (keyed) this.#key = this.bytes.indexOf('"batch":"') + '"batch":"'.length;
  }

  /** Gives all readings the present time, or the next millisecond when they have had that one already. */
  stamp() {
    this.#time = this.#each === 1 ? Math.max(this.#time + 1, Date.now()) : this.#time;
    const devices = this.#times.length / this.#each;
    for (const [i, at] of this.#times.entries()) {
      if (i > 0 && i % devices === 0) this.#time++;
      this.bytes.write(String(this.#time), at, TIME_DIGITS, 'latin1');
    }
    if (this.#each > 1) this.#time++;
    if (this.#key !== -1) this.bytes.write(newKey(), this.#key, 36, 'latin1');
  }
}

/**
 * @param {Sender} sender
 * @param {boolean} keyed
 */
function jsonOf({ gatewayKey, devices, each = 1 }, keyed) {
  const key = keyed ? `"batch":"${newKey()}",` : '';
  const cells = devices.map((device) => JSON.stringify([device, Number(UNSTAMPED), ...VALUES]));
  const rows = Array.from({ length: each }, () => cells).flat();
  return {
    authorization: `Bearer ${gatewayKey}`,
    type: 'application/json',
    body: `{${key}"cols":${JSON.stringify(['d', 't', ...COLUMNS])},"rows":[${rows.join(',')}]}`,
    time: `,${UNSTAMPED},`,
  };
}

/** @param {Sender} sender */
function linesOf({ gatewayKey, devices, each = 1 }) {
  const fields = COLUMNS.map((name, i) => `${name}=${VALUES[i]}${Number.isInteger(VALUES[i]) ? 'i' : ''}`).join();
  const lines = devices.map((device) => `vitals,device=${device} ${fields} ${UNSTAMPED}\n`);
  return {
    authorization: basicAuthorization(gatewayKey),
    type: 'text/plain',
    body: Array.from({ length: each }, () => lines)
      .flat()
      .join(''),
    time: ` ${UNSTAMPED}\n`,
  };
}

let keys = 0;
const run = Math.floor(Math.random() * 2 ** 32)
  .toString(16)
  .padStart(8, '0');

/** A UUIDv7 no other request of any run has. */
function newKey() {
  const time = Date.now().toString(16).padStart(12, '0');
  const count = (keys++).toString(16).padStart(8, '0');
  const process4 = (process.pid & 0xffff).toString(16).padStart(4, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${run.slice(0, 3)}-8${count.slice(0, 3)}-${count.slice(3)}${process4}${run.slice(5)}`;
}
