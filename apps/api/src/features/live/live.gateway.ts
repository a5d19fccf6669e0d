import { Inject, UseFilters } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
} from '@nestjs/websockets';
import { liveNamespace, toProblem } from '@hms/contracts';
import { requestIdFrom, type Logger } from '@hms/service-kit';
import { Access } from '../../platform/access/access.decorator.js';
import { toAppError } from '../../platform/errors/to-app-error.js';
import { rootLogger } from '../../platform/observability/observability.tokens.js';
import { LiveAdmission } from './live-admission.service.js';
import { LiveBroadcast } from './live-broadcast.service.js';
import { LiveProblemFilter } from './live-problem.filter.js';
import { LiveSessions } from './live-sessions.service.js';
import type { LiveNamespace, LiveSocket } from './live-socket.js';
import { RefreshLiveDto, type Refreshed } from './live.dto.js';
import { liveError } from './live.errors.js';
import { guardEvents } from './live-events.js';

/** Live vitals of wards, and what changes. What of it a client hears is decided here, from its role and wards, never by the client. */
@UseFilters(LiveProblemFilter)
@WebSocketGateway({ namespace: liveNamespace })
export class LiveGateway implements OnGatewayInit<LiveNamespace>, OnGatewayConnection, OnGatewayDisconnect {
  constructor(
    private readonly admission: LiveAdmission,
    private readonly broadcast: LiveBroadcast,
    private readonly sessions: LiveSessions,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {}

  afterInit(namespace: LiveNamespace): void {
    namespace.use((socket, next) => {
      this.#admit(socket).then(() => next(), next);
    });
    this.broadcast.start(namespace);
    this.sessions.start(namespace);
  }

  handleConnection(socket: LiveSocket): void {
    guardEvents(socket);
    void this.broadcast.join(socket);
  }

  handleDisconnect(socket: LiveSocket): void {
    this.broadcast.leave(socket);
  }

  /** Renews the token without reconnecting. */
  @SubscribeMessage('refresh')
  @Access('live:listen')
  async refresh(@ConnectedSocket() socket: LiveSocket, @MessageBody() { token }: RefreshLiveDto): Promise<Refreshed> {
    const { actor, expiresAt } = await this.admission.identify(token);
    if (actor.sessionId !== socket.data.actor.sessionId) throw liveError('live.other-session');
    socket.data.expiresAt = expiresAt;
    this.sessions.renewed(socket);
    return { expiresAt: new Date(expiresAt).toISOString() };
  }

  /** A refusal reaches the client as `connect_error`, with the problem as its `data`. */
  async #admit(socket: LiveSocket): Promise<void> {
    try {
      Object.assign(socket.data, await this.admission.admit(socket.handshake.auth));
    } catch (thrown) {
      const error = toAppError(thrown);
      const header = socket.handshake.headers['x-request-id'];
      const problem = toProblem(error, requestIdFrom(typeof header === 'string' ? header : undefined));
      if (error.spec.status >= 500) {
        this.logger.error({ err: error, requestId: problem.requestId }, 'live connection failed');
      }
      throw Object.assign(new Error(problem.title), { data: problem });
    }
  }
}
