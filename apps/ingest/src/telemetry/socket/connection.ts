import type { Caller } from '../../gateways/caller.js';
import type { Socket } from '../../http/socket-route.js';

/** Messages of a connection that are not answered yet. */
const maxWaiting = 64;
/** RFC 6455 §7.4.1, and the registry of its codes. */
export const closing = { goingAway: 1001, notAllowed: 1008, tryAgainLater: 1013 } as const;

/** uWebSockets.js copies what is in it, so it holds nothing but a reference. */
export interface SocketData {
  readonly connection: Connection;
}

/** One WebSocket, which is not touched once it is closed: that would be an error. */
export class Connection {
  #socket: Socket<SocketData> | undefined;
  #waiting = 0;
  #answered = Promise.resolve();
  /** Ends when the last message that is read apart was, and all before it. */
  #read: Promise<unknown> | undefined;

  constructor(
    readonly authorization: string,
    readonly requestId: string,
    /** As the key was last known: who it is judged as before that is asked again. */
    public caller: Caller,
  ) {}

  opened(socket: Socket<SocketData>): void {
    this.#socket = socket;
  }

  closed(): void {
    this.#socket = undefined;
  }

  /** Ends when every message so far is answered. */
  get answered(): Promise<void> {
    return this.#answered;
  }

  /** Sends the answer to the message that came last, after those to all before it. A sender that does not wait is cut off. */
  answer(work: () => Promise<object>): void {
    if (this.#waiting >= maxWaiting) {
      this.end(closing.tryAgainLater);
      return;
    }
    this.#waiting += 1;
    const answer = work();
    this.#answered = this.#answered.then(async () => {
      const text = JSON.stringify(await answer);
      this.#waiting -= 1;
      this.#socket?.send(text);
    });
  }

  /** What a message says, not before what those before it said: where two speak of the same, the later one counts. */
  inTurn<T>(said: T | Promise<T>): T | Promise<T> {
    const before = this.#read;
    if (!before && !(said instanceof Promise)) return said;
    const read = Promise.allSettled([before, said]).then(() => said);
    const last = read
      .catch(() => undefined)
      .then(() => {
        if (this.#read === last) this.#read = undefined;
      });
    this.#read = last;
    return read;
  }

  end(code: number): void {
    this.#socket?.end(code);
  }
}
