import { acvpuLevels, liveNamespace } from '@hms/contracts';
import { io, type Socket } from 'socket.io-client';
import { z } from 'zod';
import { type ApiSession } from './api-session.js';
import { type BoardUpdate } from './ward-board.js';

const value = z.union([z.number(), z.boolean(), z.enum(acvpuLevels)]);
const vitalsEvent = z.array(
  z.object({
    patientId: z.string(),
    recordedAt: z.string(),
    values: z.record(z.string(), value),
  }),
);

const changeEvent = z.object({ type: z.string() });

export interface LiveWardHandlers {
  /** The first after each connection holds the latest values of everybody. */
  readonly onVitals: (updates: BoardUpdate[]) => void;
  /** Something about an alarm of the ward changed. */
  readonly onAlarm: () => void;
  /** `reason` is for people. */
  readonly onState: (connected: boolean, reason?: string) => void;
}

const retryMs = 3_000;

/** A ward's live vitals; connects again by itself, with a fresh token. */
export class LiveWard {
  readonly #socket: Socket;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    baseUrl: string,
    private readonly session: ApiSession,
    wardId: string,
    private readonly handlers: LiveWardHandlers,
  ) {
    this.#socket = io(new URL(liveNamespace, baseUrl).href, {
      transports: ['websocket'],
      reconnectionDelayMax: 5_000,
      auth: (give) => {
        session.token().then(
          (token) => give({ token, wardId }),
          (err: unknown) => {
            this.#socket.disconnect(); // without a token the handshake would never end
            this.#lost(describe(err));
          },
        );
      },
    });
    this.#socket.on('connect', () => handlers.onState(true));
    this.#socket.on('vitals', (event: unknown) => handlers.onVitals(vitalsEvent.parse(event)));
    this.#socket.on('change', (event: unknown) => {
      if (changeEvent.parse(event).type.startsWith('alarm.')) handlers.onAlarm();
    });
    this.#socket.on('resync', () => handlers.onAlarm());
    this.#socket.on('expired', () => void this.#refresh());
    this.#socket.on('disconnect', (reason) => this.#lost(reason));
    this.#socket.on('connect_error', (err) => {
      if (!this.#socket.active) session.forget(); // refused, perhaps for its token
      this.#lost(describe(err));
    });
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#socket.off(); // or closing would look like a loss
    this.#socket.close();
  }

  /** Hands over a new token before the server closes the connection; a server that does not want it closes it. */
  async #refresh(): Promise<void> {
    this.session.forget();
    try {
      this.#socket.emit('refresh', { token: await this.session.token() });
    } catch (err) {
      this.#lost(describe(err));
    }
  }

  /** Socket.IO retries a broken connection, but not one the server ended or refused, as it does with an old token. */
  #lost(reason: string): void {
    this.handlers.onState(false, reason);
    clearTimeout(this.#retry);
    if (!this.#socket.active) this.#retry = setTimeout(() => this.#socket.connect(), retryMs);
  }
}

const describe = (err: unknown): string => (err instanceof Error ? err.message : String(err));
