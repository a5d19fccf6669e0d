import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { hospitalOfChannel, liveEventsChannel, vitalsChannel, type DomainEvent, type WardVitals } from '@hms/contracts';
import { connectRedis, type Logger } from '@hms/service-kit';
import type { Redis } from 'ioredis';
import { ApiConfig } from '../../platform/config/api-config.js';
import { rootLogger } from '../../platform/observability/observability.tokens.js';
import { parseHospitalEvent } from './live-change.js';
import { parseWardVitals } from './ward-vitals.js';

const heartbeatMs = 5_000;

/** Who is told what the feed does. */
export interface FeedListener {
  vitals(hospitalId: string, ward: WardVitals): void;
  changed(hospitalId: string, event: DomainEvent): void;
  interrupted(): void;
  /** Nothing is missed any more from here on; what was published in between is lost. */
  restored(): void;
}

/**
 * What ingest and the relay of events publish, for the hospitals somebody here watches: one Redis connection for the
 * process, two channels a hospital.
 */
@Injectable()
export class LiveFeed implements OnApplicationShutdown {
  readonly #subscriber: Redis;
  readonly #watchers = new Map<string, number>();
  readonly #heartbeat: NodeJS.Timeout;
  #listener: FeedListener | undefined;
  #live = false;

  constructor(
    config: ApiConfig,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {
    this.#subscriber = connectRedis(config.redisUrl, logger, { autoResubscribe: false });
    this.#subscriber.on('ready', () => void this.#resume());
    this.#subscriber.on('close', () => this.#interrupt());
    this.#subscriber.on('message', (channel, message) => this.#receive(channel, message));
    this.#heartbeat = setInterval(() => void this.#beat(), heartbeatMs).unref();
  }

  /** Whether updates arrive at the moment. */
  get live(): boolean {
    return this.#live;
  }

  get #connected(): boolean {
    return this.#subscriber.status === 'ready';
  }

  listen(listener: FeedListener): void {
    this.#listener = listener;
  }

  /** Counts one more watcher of the hospital; resolves once its updates arrive, or cannot at the moment. */
  async watch(hospitalId: string): Promise<void> {
    const watchers = this.#watchers.get(hospitalId) ?? 0;
    this.#watchers.set(hospitalId, watchers + 1);
    if (watchers === 0 && this.#connected) await this.#subscribe([hospitalId]);
  }

  unwatch(hospitalId: string): void {
    const watchers = (this.#watchers.get(hospitalId) ?? 0) - 1;
    if (watchers > 0) {
      this.#watchers.set(hospitalId, watchers);
      return;
    }
    this.#watchers.delete(hospitalId);
    if (this.#connected) this.#subscriber.unsubscribe(...channelsOf(hospitalId)).catch(() => this.#reconnect());
  }

  onApplicationShutdown(): void {
    clearInterval(this.#heartbeat);
    this.#listener = undefined;
    this.#subscriber.disconnect();
  }

  async #resume(): Promise<void> {
    if (!(await this.#subscribe([...this.#watchers.keys()]))) return;
    this.#live = true;
    this.#listener?.restored();
  }

  #interrupt(): void {
    if (!this.#live) return;
    this.#live = false;
    this.#listener?.interrupted();
  }

  async #subscribe(hospitalIds: readonly string[]): Promise<boolean> {
    if (hospitalIds.length === 0) return true;
    try {
      await this.#subscriber.subscribe(...hospitalIds.flatMap(channelsOf));
      return true;
    } catch {
      this.#reconnect();
      return false;
    }
  }

  /** A connection that is dead without saying so would freeze every screen behind it. */
  async #beat(): Promise<void> {
    if (this.#live) await this.#subscriber.ping().catch(() => this.#reconnect());
  }

  #reconnect(): void {
    this.#subscriber.disconnect(true);
  }

  #receive(channel: string, message: string): void {
    const hospitalId = hospitalOfChannel(channel);
    if (hospitalId === undefined || !this.#tell(hospitalId, channel, message)) {
      this.logger.warn({ channel }, 'a live message is not of the agreed form');
    }
  }

  /** False for a message that is not of the agreed form. */
  #tell(hospitalId: string, channel: string, message: string): boolean {
    if (channel === liveEventsChannel(hospitalId)) {
      const event = parseHospitalEvent(hospitalId, message);
      if (event) this.#listener?.changed(hospitalId, event);
      return event !== undefined;
    }
    const ward = parseWardVitals(message);
    if (ward) this.#listener?.vitals(hospitalId, ward);
    return ward !== undefined;
  }
}

const channelsOf = (hospitalId: string): string[] => [vitalsChannel(hospitalId), liveEventsChannel(hospitalId)];
