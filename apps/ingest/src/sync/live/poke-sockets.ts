import {
  AppError,
  commonError,
  syncEntities,
  type SyncEntityName,
  syncEntityNames,
  syncHello,
  type SyncLiveMessage,
  syncLiveClosing as closing,
} from '@hms/contracts';
import type { Logger } from '@hms/service-kit';
import type { Socket, SocketRoute } from '../../http/socket-route.js';
import { readableNumbers } from '../access/sync-actor.js';
import type { SyncAuthenticator } from '../access/sync-authenticator.js';
import type { QuietDevices } from '../devices/quiet-devices.js';
import type { Subscriber, Subscribers } from './subscribers.js';

export interface PokeParts {
  readonly authenticator: Pick<SyncAuthenticator, 'authenticate'>;
  readonly quiet: Pick<QuietDevices, 'find'>;
  readonly subscribers: Subscribers;
  readonly logger: Logger;
}

/** What a socket holds: uWebSockets.js copies what is in it. */
interface PokeData {
  readonly line: Line;
}

/** A socket, and as whose it was last found good. */
class Line {
  socket: Socket<PokeData> | undefined;
  greeting: Greeting | undefined;
  subscriber: Subscriber | undefined;
  hasGreeted = false;
  /** Runs while it has not said who it is. */
  timer: NodeJS.Timeout | undefined;

  say(message: SyncLiveMessage): void {
    this.socket?.send(JSON.stringify(message));
  }
}

interface Greeting {
  readonly token: string;
  readonly device: string;
  /** Of the scope in which it is told. */
  readonly ver: string;
}

const maxSockets = 60_000;
const maxMessageBytes = 16 * 1024;
const maxUnreadBytes = 16 * 1024;
const idleSeconds = 960;
const greetWithinMs = 10_000;
/** How often it is asked whether a device may still be told, one after another. */
const checkEverySeconds = 60;

/** Tells devices when to sync. A poke that is lost costs time only: devices ask by themselves, too. */
export class PokeSockets {
  readonly #lines = new Set<Line>();
  readonly #check: NodeJS.Timeout;

  constructor(private readonly parts: PokeParts) {
    this.#check = setInterval(() => this.#recheckSome(), 1_000);
  }

  get size(): number {
    return this.#lines.size;
  }

  get route(): SocketRoute<PokeData> {
    return {
      path: '/sync/live',
      // A browser can send no header with a WebSocket, so a device says who it is in its first message.
      admit: () => this.#admit(),
      behavior: {
        idleTimeout: idleSeconds,
        maxPayloadLength: maxMessageBytes,
        maxBackpressure: maxUnreadBytes,
        closeOnBackpressureLimit: true,
        open: (socket) => {
          const { line } = socket.getUserData();
          line.socket = socket;
          this.#lines.add(line);
          line.timer = setTimeout(() => line.socket?.end(closing.unauthenticated), greetWithinMs);
        },
        message: (socket, message) => {
          const { line } = socket.getUserData();
          // Copied: it is gone when this returns.
          void this.#greet(line, Buffer.from(message.slice(0)));
        },
        close: (socket) => this.#forget(socket.getUserData().line),
      },
    };
  }

  stop(): void {
    clearInterval(this.#check);
    for (const { socket } of this.#lines) socket?.end(closing.goingAway);
  }

  #admit(): Promise<PokeData> {
    return this.#lines.size < maxSockets
      ? Promise.resolve({ line: new Line() })
      : Promise.reject(commonError('service.busy'));
  }

  async #greet(line: Line, message: Buffer): Promise<void> {
    if (line.hasGreeted) return;
    line.hasGreeted = true;
    clearTimeout(line.timer);
    const hello = helloOf(message);
    const code = hello
      ? await this.#subscribe(line, hello).catch((err: unknown) => this.#failed(err))
      : closing.unauthenticated;
    if (code !== undefined) line.socket?.end(code);
  }

  /** @returns with which code the line is to be closed, if it is */
  async #subscribe(line: Line, { token, device }: { token: string; device: string }): Promise<number | undefined> {
    const actor = await this.parts.authenticator.authenticate(`Bearer ${token}`);
    const standing = await this.parts.quiet.find(actor, device);
    if (!standing) return closing.syncFirst;
    if (!line.socket) return undefined;
    const { keys, ver } = standing.scope;
    line.greeting = { token, device, ver };
    line.subscriber = {
      hospitalId: actor.hospital.id,
      keys,
      entities: readableNumbers(actor),
      tell: (p, numbers) => line.say({ p, e: numbers.flatMap((no) => nameOf(no) ?? []) }),
    };
    this.parts.subscribers.add(line.subscriber);
    line.say({ ready: true });
    return undefined;
  }

  #failed(err: unknown): number {
    if (err instanceof AppError && [401, 403].includes(err.spec.status)) return closing.unauthenticated;
    if (!(err instanceof AppError)) this.parts.logger.error({ err }, 'a device could not be told of changes');
    return closing.tryAgainLater;
  }

  #forget(line: Line): void {
    clearTimeout(line.timer);
    line.socket = undefined;
    this.#lines.delete(line);
    if (line.subscriber) this.parts.subscribers.delete(line.subscriber);
    line.subscriber = undefined;
  }

  /** The ones that were asked about the longest ago. */
  #recheckSome(): void {
    const some = [...this.#lines].slice(0, Math.ceil(this.#lines.size / checkEverySeconds));
    for (const line of some) {
      this.#lines.delete(line);
      this.#lines.add(line);
      if (line.greeting) void this.#recheck(line, line.greeting);
    }
  }

  /** Who may no longer be told, or not of the same, has to sync first: that says what is to go. */
  async #recheck(line: Line, { token, device, ver }: Greeting): Promise<void> {
    try {
      const actor = await this.parts.authenticator.authenticate(`Bearer ${token}`);
      const standing = await this.parts.quiet.find(actor, device);
      if (standing?.scope.ver !== ver) line.socket?.end(closing.syncFirst);
    } catch (err) {
      if (this.#failed(err) === closing.unauthenticated) line.socket?.end(closing.unauthenticated);
    }
  }
}

function helloOf(message: Buffer): { readonly token: string; readonly device: string } | undefined {
  try {
    return syncHello.safeParse(JSON.parse(message.toString())).data;
  } catch {
    return undefined;
  }
}

const nameOf = (no: number): SyncEntityName | undefined => syncEntityNames.find((name) => syncEntities[name].no === no);
