import type { RoomShare } from '../room.js';

const start = 0x0b;
const [fileSeparator, carriageReturn] = [0x1c, 0x0d];
const end = Buffer.from([fileSeparator, carriageReturn]);
const none = Buffer.alloc(0);
/** Tab, line feed, carriage return and space: some senders end lines behind a frame. */
const between: ReadonlySet<number | undefined> = new Set([0x09, 0x0a, 0x0d, 0x20]);

/** Cuts a stream of bytes into the messages between MLLP's marks: `0B … 1C 0D` (HL7 v2, appendix C). */
export class MllpFrames {
  /** What came of a message that has begun is at the front. */
  #held = none;
  #length = 0;
  #open = false;

  /** @param room for messages: held from when they begin until the next is asked for */
  constructor(
    private readonly maxBytes: number,
    private readonly room: RoomShare,
  ) {}

  /** Whether a message has begun that is not whole. */
  get open(): boolean {
    return this.#open;
  }

  /**
   * Takes what arrived next.
   * @returns the messages that are whole now, to be read to the end
   * @throws an Error behind them: for one that is too long or finds no room, and for bytes that belong to none
   */
  *push(chunk: Buffer): Generator<Buffer, void, undefined> {
    for (let at = 0; at < chunk.length;) {
      if (!this.#open) {
        at = this.#begin(chunk, at);
        continue;
      }
      const next = this.#endIn(chunk, at);
      this.#hold(chunk.subarray(at, next));
      at = next ?? chunk.length;
      if (next === undefined) continue;
      this.#open = false;
      yield this.#held.subarray(0, this.#length - end.length);
      this.release();
    }
  }

  /** Gives back what is held: nothing comes any more. */
  release(): void {
    this.room.leave(this.#held.length);
    this.#held = none;
    this.#length = 0;
  }

  /** @returns where the next message begins, if one does */
  #begin(chunk: Buffer, from: number): number {
    let at = from;
    while (between.has(chunk[at])) at += 1;
    if (at === chunk.length) return at;
    if (chunk[at] !== start) throw new Error('bytes outside an MLLP frame');
    this.#open = true;
    return at + 1;
  }

  /** Behind the mark that ends the message; undefined when that is not there yet. */
  #endIn(chunk: Buffer, from: number): number | undefined {
    const half = this.#length > 0 && this.#held[this.#length - 1] === fileSeparator;
    if (half && chunk[from] === carriageReturn) return from + 1;
    const at = chunk.indexOf(end, from);
    return at < 0 ? undefined : at + end.length;
  }

  #hold(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.maxBytes + end.length) throw new Error('an MLLP frame that is too long');
    if (length > this.#held.length) this.#grow(length);
    bytes.copy(this.#held, this.#length);
    this.#length = length;
  }

  /** By at least as much as there is, so that each byte is copied a few times at most. */
  #grow(length: number): void {
    const size = Math.max(length, Math.min(2 * this.#held.length, this.maxBytes + end.length));
    if (!this.room.enter(size - this.#held.length)) throw new Error('no room for more of MLLP frames');
    const larger = Buffer.allocUnsafe(size);
    this.#held.copy(larger, 0, 0, this.#length);
    this.#held = larger;
  }
}

export const toFrame = (message: string): Buffer => Buffer.concat([Buffer.from([start]), Buffer.from(message), end]);
