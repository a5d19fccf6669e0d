import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@hms/service-kit';
import { SessionRegistry } from '../../platform/access/session-registry.service.js';
import { rootLogger } from '../../platform/observability/observability.tokens.js';
import { sameStanding } from './audience.policy.js';
import type { liveErrors } from './live.errors.js';
import type { LiveNamespace, LiveSocket } from './live-socket.js';

/** The registry's answers are up to 3 s old: together with this a revocation takes effect within 5 s. */
const checkEveryMs = 1_000;
/** How long a client whose token has expired may still send a new one. */
const renewalMs = 5_000;
const questionsAtOnce = 4;

type Reason = Extract<keyof typeof liveErrors, 'live.token-expired' | 'live.session-ended' | 'live.access-changed'>;

/** Ends connections whose token has expired or whose session no longer is what it was. */
@Injectable()
export class LiveSessions implements OnApplicationShutdown {
  readonly #told = new WeakSet<LiveSocket>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    private readonly registry: SessionRegistry,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {}

  start(namespace: LiveNamespace): void {
    this.#timer = setTimeout(() => {
      void this.#check([...namespace.sockets.values()]).finally(() => {
        if (!this.#stopped) this.start(namespace);
      });
    }, checkEveryMs).unref();
  }

  onApplicationShutdown(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** The socket has a new token: it may expire again. */
  renewed(socket: LiveSocket): void {
    this.#told.delete(socket);
  }

  async #check(sockets: readonly LiveSocket[]): Promise<void> {
    const now = Date.now();
    for (const socket of sockets) this.#checkToken(socket, now);
    const bySession = new Map<string, LiveSocket[]>();
    for (const socket of sockets) {
      const { sessionId } = socket.data.actor;
      bySession.set(sessionId, [...(bySession.get(sessionId) ?? []), socket]);
    }
    const sessions = [...bySession];
    const next = async (): Promise<void> => {
      for (let session = sessions.pop(); session; session = sessions.pop()) await this.#checkSession(...session);
    };
    await Promise.all(Array.from({ length: questionsAtOnce }, next));
  }

  #checkToken(socket: LiveSocket, now: number): void {
    const { expiresAt } = socket.data;
    if (now < expiresAt) return;
    if (!this.#told.has(socket)) this.#tell(socket, 'live.token-expired');
    if (now >= expiresAt + renewalMs) socket.disconnect(true);
  }

  /** When the database does not answer, sockets stay until their token expires: a ward's screens do not go dark. */
  async #checkSession(sessionId: string, sockets: readonly LiveSocket[]): Promise<void> {
    try {
      const state = await this.registry.find(sessionId);
      for (const socket of sockets) {
        if (!state || 'timeout' in state) this.#end(socket, 'live.session-ended');
        else if (!sameStanding(socket.data.actor, state)) this.#end(socket, 'live.access-changed');
      }
    } catch (err) {
      this.logger.warn({ err }, 'cannot check a live session');
    }
  }

  #end(socket: LiveSocket, code: Reason): void {
    this.#tell(socket, code);
    socket.disconnect(true);
  }

  #tell(socket: LiveSocket, code: Reason): void {
    this.#told.add(socket);
    socket.emit('expired', { code });
  }
}
