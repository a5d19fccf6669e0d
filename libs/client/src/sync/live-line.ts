import type { SyncHello, SyncLiveMessage } from '@hms/contracts';
import type { Environment, Wire } from '../environment.js';
import { liveClosing, protocol } from '../limits.js';
import { backoffMs } from './backoff.js';
import type { TokenSource } from './transport.js';

/** Devices of a ward that are told at once do not all ask at once. */
const spreadMs = 1_500;

export interface LiveLineParts {
  /** Where the server is, such as `https://hms.example`. */
  readonly url: string;
  readonly token: TokenSource;
  readonly environment: Pick<Environment, 'connect' | 'later' | 'random'>;
  /** The registered device. */
  readonly device: () => Promise<string | undefined>;
  /** It is time to sync. */
  readonly onNews: () => void;
}

/**
 * Hears from the server that something changed. It carries no data, and what is lost on it costs time only: the device asks by
 * itself, too.
 */
export class LiveLine {
  #wire: Wire | undefined;
  #started = false;
  #failures = 0;
  #tokenFailed = false;
  #forgetTimer: (() => void) | undefined;
  #forgetPoke: (() => void) | undefined;

  constructor(private readonly parts: LiveLineParts) {}

  start(): void {
    if (this.#started || !this.parts.environment.connect) return;
    this.#started = true;
    void this.#open();
  }

  stop(): void {
    this.#started = false;
    this.#forgetTimer?.();
    this.#forgetPoke?.();
    this.#forgetPoke = undefined;
    this.#wire?.close();
    this.#wire = undefined;
  }

  async #open(): Promise<void> {
    const { environment, device: deviceOf, token: tokenOf, url } = this.parts;
    const [device, token] = await Promise.all([deviceOf(), tokenOf(this.#tokenFailed).catch(() => null)]);
    if (!this.#started || this.#wire) return;
    if (device === undefined || token === null || !environment.connect) {
      this.#later();
      return;
    }
    const hello: SyncHello = { v: protocol, token, device };
    const wire = environment.connect(`${url.replace(/^http/, 'ws')}/sync/live`, {
      opened: () => wire.send(JSON.stringify(hello)),
      said: (text) => this.#heard(text),
      closed: (code) => {
        if (this.#wire === wire) this.#closed(code);
      },
    });
    this.#wire = wire;
  }

  #heard(text: string): void {
    const message = read(text);
    if (!message) return;
    if ('ready' in message) {
      this.#failures = 0;
      this.#tokenFailed = false;
    } else {
      this.#poke();
    }
  }

  /** Once for all that is heard until then. */
  #poke(): void {
    const { environment, onNews } = this.parts;
    this.#forgetPoke ??= environment.later(() => {
      this.#forgetPoke = undefined;
      onNews();
    }, environment.random() * spreadMs);
  }

  #closed(code: number): void {
    this.#wire = undefined;
    this.#tokenFailed = code === liveClosing.unauthenticated;
    if (code === liveClosing.syncFirst) this.parts.onNews();
    this.#later();
  }

  #later(): void {
    this.#failures++;
    const wait = backoffMs(this.#failures, this.parts.environment.random());
    if (this.#started) this.#forgetTimer = this.parts.environment.later(() => void this.#open(), wait);
  }
}

function read(text: string): SyncLiveMessage | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? (message as SyncLiveMessage) : undefined;
  } catch {
    return undefined;
  }
}
