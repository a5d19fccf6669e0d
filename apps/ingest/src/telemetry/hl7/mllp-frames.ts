const start = 0x0b;
const end = Buffer.from([0x1c, 0x0d]);
const none = Buffer.alloc(0);

/** Cuts a stream of bytes into the messages between MLLP's marks: `0B … 1C 0D` (HL7 v2, appendix C). */
export class MllpFrames {
  #rest: Buffer = none;

  constructor(private readonly maxBytes: number) {}

  /**
   * Takes what arrived next.
   * @returns the messages that are whole now
   * @throws an Error for a message that is too long, and for bytes that belong to none
   */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (; bytes.length > 0;) {
      if (bytes[0] !== start) throw new Error('bytes outside an MLLP frame');
      const length = bytes.indexOf(end);
      if ((length < 0 ? bytes.length : length) > this.maxBytes) throw new Error('an MLLP frame that is too long');
      if (length < 0) break;
      messages.push(Buffer.from(bytes.subarray(1, length)));
      bytes = bytes.subarray(length + end.length);
    }
    this.#rest = bytes.length === 0 ? none : Buffer.from(bytes);
    return messages;
  }
}

export const toFrame = (message: string): Buffer => Buffer.concat([Buffer.from([start]), Buffer.from(message), end]);
