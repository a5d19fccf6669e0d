import type { Socket } from 'node:net';
import { type MllpFrames, toFrame } from './mllp-frames.js';

export interface MllpConnectionParts {
  /** The answer to a message. @throws when the sender cannot be understood */
  readonly answer: (message: Buffer) => Promise<string>;
  /** How long a message may take to come once it has begun. */
  readonly frameMs: number;
}

/** One connection with a sender: its messages are answered one after another. */
export class MllpConnection {
  #late: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly frames: MllpFrames,
    private readonly parts: MllpConnectionParts,
  ) {}

  /** Ends when what is whole now is answered, and the sender took the answers. @throws when it cannot go on */
  async take(chunk: Buffer): Promise<void> {
    for (const message of this.frames.push(chunk)) {
      this.#stopClock();
      const answer = await this.parts.answer(message);
      if (!this.socket.writable) return;
      await this.#write(toFrame(answer));
    }
    if (this.frames.open) this.#late ??= setTimeout(() => this.socket.destroy(), this.parts.frameMs);
  }

  closed(): void {
    this.#stopClock();
    this.frames.release();
  }

  /** Ends also when the connection did, which its socket tells of elsewhere. */
  #write(frame: Buffer): Promise<void> {
    return new Promise((resolve) => this.socket.write(frame, () => resolve()));
  }

  #stopClock(): void {
    clearTimeout(this.#late);
    this.#late = undefined;
  }
}
