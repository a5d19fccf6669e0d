import { liveNamespace, type Problem, type VitalsUpdate } from '@hms/contracts';
import { io, type Socket } from 'socket.io-client';
import { until } from '../../../testing/until.js';

export interface LiveClientOptions {
  readonly auth?: object;
  readonly namespace?: string;
  readonly headers?: Record<string, string>;
  readonly transports?: string[];
}

/** A client of `/live` that keeps all it hears. */
export class LiveClient {
  readonly events: { readonly name: string; readonly data: unknown }[] = [];
  /** Updates of `vitals` events, snapshots included. */
  readonly updates: VitalsUpdate[] = [];
  refusal: (Error & { data?: Problem }) | undefined;
  ended: string | undefined;
  readonly socket: Socket;

  constructor(url: string, { auth = {}, namespace = liveNamespace, headers = {}, transports }: LiveClientOptions) {
    this.socket = io(url + namespace, {
      auth,
      forceNew: true,
      reconnection: false,
      extraHeaders: headers,
      transports: transports ?? ['websocket'],
    });
    this.socket.onAny((name: string, data: unknown) => {
      this.events.push({ name, data });
      if (name === 'vitals') this.updates.push(...(data as VitalsUpdate[]));
    });
    this.socket.on('connect_error', (err) => (this.refusal = err));
    this.socket.on('disconnect', (reason) => (this.ended = reason));
  }

  /** Waits for the snapshot a connection begins with. */
  async ready(): Promise<this> {
    await until(() => this.heard('vitals').length > 0 || this.refusal !== undefined);
    if (this.refusal) throw this.refusal;
    return this;
  }

  /** The problem code a connection was refused with. */
  async refusedWith(): Promise<string | undefined> {
    await until(() => this.refusal !== undefined);
    return this.refusal?.data?.code ?? this.refusal?.message;
  }

  heard(name: string): unknown[] {
    return this.events.filter((event) => event.name === name).map(({ data }) => data);
  }

  /** Positions of the updates that did not come with a snapshot. */
  get positions(): string[] {
    return this.updates.map(({ position }) => position).filter((position) => position !== '0');
  }

  close(): void {
    this.socket.disconnect();
  }
}
