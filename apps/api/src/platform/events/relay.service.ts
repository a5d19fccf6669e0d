import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { audienceOfEvent, eventTypes, liveEventsChannel, parseEvent, specOf, wakeChannel } from '@hms/contracts';
import { connectRedis, type Logger } from '@hms/service-kit';
import type { Redis } from 'ioredis';
import { ApiConfig } from '../config/api-config.js';
import { Queues } from '../jobs/queues.service.js';
import { rootLogger } from '../observability/observability.tokens.js';
import { DeliveryRepository } from './delivery.repository.js';
import { ConsumerRegistry, liveConsumer, maxAttemptsOf, queueOf, unreadable } from './event-consumer.js';
import { RelayRepository, type Leased, type Subscription } from './relay.repository.js';

const idleMs = 250;
/** Events that follow each other closely are taken together: a round costs the same for one and for many. */
const paceMs = 25;
const afterFailureMs = 1_000;
const live: Subscription = {
  name: liveConsumer,
  types: eventTypes.filter((type) => specOf(type).live),
  maxAttempts: 8,
};

/**
 * Carries events from PostgreSQL to whoever consumes them. It commits what it takes before it tells Redis of it, and a
 * delivery is over only when its consumer says so: whatever gets lost in between is handed over again.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #subscriptions: readonly Subscription[];
  /** For the wake-up calls, and for live events, which need no answer. */
  readonly #subscriber: Redis;
  readonly #publisher: Redis;
  #running: Promise<void> | undefined;
  #stopped = false;
  #woken = false;
  #wake: () => void = () => undefined;

  constructor(
    config: ApiConfig,
    consumers: ConsumerRegistry,
    private readonly queues: Queues,
    private readonly outbox: RelayRepository,
    private readonly deliveries: DeliveryRepository,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {
    const served = consumers.all.map((c) => ({ name: c.name, types: c.types, maxAttempts: maxAttemptsOf(c) }));
    this.#subscriptions = [live, ...served];
    this.#publisher = connectRedis(config.redisUrl, logger, { enableAutoPipelining: true });
    this.#subscriber = connectRedis(config.redisUrl, logger, { autoResubscribe: false });
    this.#subscriber.on('ready', () => void this.#subscriber.subscribe(wakeChannel).catch(() => undefined));
    this.#subscriber.on('message', () => this.#wakeUp());
  }

  /** Ready only when every relay knows this process's consumers; without a database it is ready, and keeps trying. */
  async onApplicationBootstrap(): Promise<void> {
    const subscribed = await this.outbox.subscribe(this.#subscriptions).then(
      () => true,
      () => false,
    );
    this.#running = this.#run(subscribed);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    this.#wakeUp();
    await this.#running;
    this.#subscriber.disconnect();
    this.#publisher.disconnect();
  }

  async #run(alreadySubscribed: boolean): Promise<void> {
    let subscribed = alreadySubscribed;
    while (!this.#stopped) {
      try {
        if (!subscribed) await this.outbox.subscribe(this.#subscriptions);
        subscribed = true;
        const startedAt = performance.now();
        if (await this.#round()) await delay(Math.max(0, startedAt + paceMs - performance.now()));
        else await this.#rest(idleMs);
      } catch (err) {
        this.logger.warn({ err }, 'events wait');
        await this.#rest(afterFailureMs);
      }
    }
  }

  /** False when there was nothing to do, or nobody to hand it to. */
  async #round(): Promise<boolean> {
    this.#woken = false;
    if (!this.queues.ready || this.#publisher.status !== 'ready') return false;
    if (!(await this.outbox.hasWork(this.#subscriptions.map(({ name }) => name)))) return false;
    const { fannedOut, leased } = await this.outbox.round(this.#subscriptions);
    const byConsumer = new Map<string, Leased[]>();
    for (const lease of leased) {
      byConsumer.set(lease.consumer, [...(byConsumer.get(lease.consumer) ?? []), lease]);
    }
    await Promise.all([...byConsumer].map(([consumer, leases]) => this.#handOver(consumer, leases)));
    return fannedOut > 0 || leased.length > 0;
  }

  async #handOver(consumer: string, leased: readonly Leased[]): Promise<void> {
    const deliveryIds = leased.map(({ id }) => id);
    try {
      if (consumer === liveConsumer) await this.#publish(deliveryIds);
      else await this.#enqueue(consumer, deliveryIds);
    } catch (err) {
      this.logger.warn({ err, consumer }, 'events not handed over');
      await this.outbox.release(leased);
    }
  }

  /** The queue keeps one job a delivery, so handing over what still waits there changes nothing. */
  #enqueue(consumer: string, deliveryIds: readonly string[]): Promise<void> {
    const once = { removeOnComplete: true, removeOnFail: true };
    return this.queues.produce(queueOf(consumer), (queue) =>
      Promise.all(deliveryIds.map((jobId) => queue.add(consumer, {}, { ...once, jobId }))),
    );
  }

  async #publish(deliveryIds: readonly string[]): Promise<void> {
    const published: string[] = [];
    const sent: Promise<unknown>[] = [];
    for (const { deliveryId, hospitalId, event } of await this.outbox.eventsOf(deliveryIds)) {
      const message = toLiveMessage(event);
      if (message === undefined) {
        sent.push(this.#leaveToOthers(deliveryId));
      } else {
        if (hospitalId !== null) sent.push(this.#publisher.publish(liveEventsChannel(hospitalId), message));
        published.push(deliveryId);
      }
    }
    await Promise.all(sent);
    await this.outbox.finish(published);
  }

  /** A relay of another release may know the event. */
  async #leaveToOthers(deliveryId: string): Promise<void> {
    const claim = await this.deliveries.claim(deliveryId, afterFailureMs);
    const { maxAttempts } = live;
    if (claim) await this.deliveries.fail(claim, { code: unreadable, maxAttempts, backoffMs: afterFailureMs });
  }

  #wakeUp(): void {
    this.#woken = true;
    this.#wake();
  }

  async #rest(ms: number): Promise<void> {
    if (this.#woken || this.#stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Undefined for an event this release cannot read, or of which it tells nobody. */
function toLiveMessage(stored: Record<string, unknown>): string | undefined {
  try {
    const event = parseEvent(stored);
    return audienceOfEvent(event) && JSON.stringify(event);
  } catch {
    return undefined;
  }
}
