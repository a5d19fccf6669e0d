import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AppError, parseEvent, type DomainEvent } from '@hms/contracts';
import { HospitalDatabase, sqlState } from '@hms/database';
import type { Logger } from '@hms/service-kit';
import { Queues } from '../jobs/queues.service.js';
import { rootLogger } from '../observability/observability.tokens.js';
import { DeliveryRepository, type Claim } from './delivery.repository.js';
import {
  backoffMsOf,
  ConsumerRegistry,
  deadlineMsOf,
  maxAttemptsOf,
  queueOf,
  unreadable,
  type EventConsumer,
} from './event-consumer.js';
import { OutboxMetrics } from './outbox-metrics.js';

const concurrency = 8;
/** What a try may take beyond its deadline to write down how it ended. */
const graceMs = 5_000;
/** Jobs of a worker that died run again soon, however often: how often they may fail is counted in PostgreSQL. */
const takeover = { lockDuration: 10_000, stalledInterval: 5_000, maxStalledCount: 1_000 };

/** Why a consumer was not given an event. */
class NotHandled extends Error {
  constructor(
    readonly code: string,
    /** No further try can change it. */
    readonly hopeless: boolean,
  ) {
    super(code);
  }
}

/** Gives consumers what was handed over to their queues. Each has a queue of its own, so none waits for another. */
@Injectable()
export class Deliveries implements OnApplicationBootstrap {
  constructor(
    private readonly queues: Queues,
    private readonly consumers: ConsumerRegistry,
    private readonly database: HospitalDatabase,
    private readonly deliveries: DeliveryRepository,
    private readonly metrics: OutboxMetrics,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    for (const consumer of this.consumers.all) {
      const run = ({ id = '' }: { id?: string | undefined }): Promise<void> => this.deliver(consumer, id);
      this.queues.work(queueOf(consumer.name), run, { concurrency, ...takeover });
    }
  }

  /** Tries once. Handing a delivery over twice does no harm: whoever comes late finds nothing to do. */
  async deliver(consumer: EventConsumer, deliveryId: string): Promise<void> {
    const claim = await this.deliveries.claim(deliveryId, deadlineMsOf(consumer) + graceMs);
    if (!claim) return;
    try {
      await withDeadline(deadlineMsOf(consumer), (signal) => this.#handle(consumer, claim, signal));
      this.metrics.deliveries.inc({ consumer: consumer.name, outcome: 'delivered' });
    } catch (err) {
      await this.#failed(consumer, claim, err);
    }
  }

  async #handle(consumer: EventConsumer, claim: Claim, signal: AbortSignal): Promise<void> {
    const event = readable(consumer, claim);
    switch (consumer.effect) {
      case 'external':
        await consumer.handle(event, signal);
        await this.database.inPublic((tx) => this.deliveries.finish(tx, claim));
        break;
      case 'platform':
        await this.database.inPublic(async (tx) => {
          if (await this.deliveries.finish(tx, claim)) await consumer.handle(event, tx);
        });
        break;
      case 'hospital':
        if (!claim.hospital) throw new NotHandled('event.no-hospital', true);
        await this.database.inHospital(claim.hospital, async (tx) => {
          if (await this.deliveries.finish(tx, claim)) await consumer.handle(event, tx);
        });
    }
  }

  async #failed(consumer: EventConsumer, claim: Claim, err: unknown): Promise<void> {
    const code = codeOf(err);
    const maxAttempts = err instanceof NotHandled && err.hopeless ? 0 : maxAttemptsOf(consumer);
    const outcome = await this.deliveries.fail(claim, { code, maxAttempts, backoffMs: backoffMsOf(consumer) });
    const { deliveryId, attempt } = claim;
    this.logger.warn({ err, code, consumer: consumer.name, deliveryId, attempt, outcome }, 'event not delivered');
    if (outcome) {
      this.metrics.deliveries.inc({ consumer: consumer.name, outcome: outcome === 'dead' ? 'dead' : 'retried' });
    }
  }
}

/** A worker of a newer release, whose turn it may be next, knows types and members that this one does not. */
function readable({ types }: EventConsumer, { event }: Claim): DomainEvent {
  try {
    const parsed = parseEvent(event);
    if (types.includes(parsed.type)) return parsed;
  } catch {
    // said below: what is wrong with it would quote it
  }
  throw new NotHandled(unreadable, false);
}

async function withDeadline(ms: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const signal = AbortSignal.timeout(ms);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(Object.assign(new Error(), { code: 'event.deadline-exceeded' })));
  });
  await Promise.race([work(signal), late]);
}

/** A stable word for what went wrong: never a message, which may quote a row. */
function codeOf(err: unknown): string {
  if (err instanceof AppError) return err.code;
  const state = sqlState(err);
  if (state !== undefined) return `sql.${state}`;
  if (!(err instanceof Error)) return 'unknown';
  const { code } = err as Error & { code?: unknown };
  return typeof code === 'string' && /^[\w.-]{1,60}$/.test(code) ? code : err.name.slice(0, 60);
}
