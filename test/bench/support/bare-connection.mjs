import { connect } from 'node:net';

/** @import { Socket } from 'node:net' */

/** Of all connections of the process: what is kept of a chunk is copied before the next one is read. */
const chunk = Buffer.alloc(16_384);

/**
 * One HTTP/1.1 connection on which at most one request is on its way. Looks at no
 * more of the answer than it must, so that the generator takes as little as it can from cores it shares.
 */
export class BareConnection {
  /** @type {Socket} */
  #socket;
  /** @type {(answer: Answer) => void} */
  #onAnswer;
  /** @type {Buffer} */
  #received = Buffer.alloc(0);

  /**
   * @param {{ host: string, port: number, localAddress?: string }} to
   * @param {{ onAnswer: (answer: Answer) => void, onClose: () => void }} handlers
   */
  constructor(to, { onAnswer, onClose }) {
    this.#onAnswer = onAnswer;
    this.#socket = connect({
      ...to,
      noDelay: true,
      onread: {
        buffer: chunk,
        callback: (length, buffer) => this.#read(/** @type {Buffer} */ (buffer).subarray(0, length)),
      },
    });
    this.#socket.on('error', () => undefined); // 'close' follows
    this.#socket.on('close', onClose);
  }

  /** @param {Buffer} request not changed until its answer has come */
  send(request) {
    this.#socket.write(request);
  }

  close() {
    this.#socket.destroy();
  }

  /** @param {Buffer} read */
  #read(read) {
    const all = this.#received.length === 0 ? read : Buffer.concat([this.#received, read]);
    const end = answerEnd(all);
    if (end === undefined || all.length < end.total) {
      this.#received = all === read ? Buffer.from(read) : all;
      return true;
    }
    if (this.#received.length > 0) this.#received = Buffer.alloc(0);
    const body = all.toString('latin1', end.head, end.total);
    this.#onAnswer({ status: Number(all.toString('latin1', 9, 12)), body });
    return true;
  }
}

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {string} body
 */

/**
 * @param {Buffer} bytes
 * @returns {{ head: number, total: number } | undefined} undefined while the head is incomplete
 */
function answerEnd(bytes) {
  const head = bytes.indexOf('\r\n\r\n');
  if (head === -1) return undefined;
  // 204 has neither a body nor a length.
  if (bytes.toString('latin1', 9, 12) === '204') return { head: head + 4, total: head + 4 };
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, head));
  if (!length) throw new Error('the answer has no Content-Length');
  return { head: head + 4, total: head + 4 + Number(length[1]) };
}
