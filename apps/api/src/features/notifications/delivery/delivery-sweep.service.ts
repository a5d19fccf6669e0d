import { Inject, Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalRef } from '@hms/database';
import { Counter, Gauge, type Logger, type Registry } from '@hms/service-kit';
import { ApiConfig } from '../../../platform/config/api-config.js';
import { metricsRegistry, rootLogger } from '../../../platform/observability/observability.tokens.js';
import { NotificationAgenda } from '../planning/notification-agenda.repository.js';
import type { HandingOver } from '../providers/handing-over.js';
import { TemplatesRepository, type TemplateRow } from '../templates/templates.repository.js';
import type { ChannelSender } from './channel-sender.js';
import { CircuitBreaker, type Allowance } from './circuit-breaker.js';
import { endingOf, needlessFor } from './delivery-ending.policy.js';
import type { ClaimedDelivery, Ending } from './claimed-delivery.js';
import { DeliveriesRepository, type Claim } from './deliveries.repository.js';
import { textOf } from './delivery-text.js';

/** Nobody else takes a delivery that long: longer than any provider is waited for. */
export const defaultLeaseMs = 30_000;
const hospitalsAtATime = 4;
const hospitalsARound = 100;
const restMs = 2_000;

/**
 * Sends what is due. A delivery is claimed in the database before a provider hears of it, and whoever takes over from
 * somebody who died meanwhile asks the provider first, where it can be asked.
 */
@Injectable()
export class DeliverySweep {
  readonly #breakers = new Map<string, CircuitBreaker>();
  /** Hospitals that used up their rate. */
  readonly #restingUntil = new Map<string, number>();
  readonly #outcomes: Counter<'channel' | 'outcome'>;
  readonly #lag: Gauge<'channel'>;
  readonly #open: Gauge<'channel'>;

  constructor(
    private readonly database: HospitalDatabase,
    private readonly agenda: NotificationAgenda,
    private readonly deliveries: DeliveriesRepository,
    private readonly templates: TemplatesRepository,
    private readonly config: ApiConfig,
    @Inject(rootLogger) private readonly logger: Logger,
    @Inject(metricsRegistry) registry: Registry,
  ) {
    const registers = [registry];
    this.#outcomes = new Counter({
      name: 'notification_deliveries_total',
      help: 'Tries to hand notifications to providers',
      labelNames: ['channel', 'outcome'],
      registers,
    });
    this.#lag = new Gauge({
      name: 'notification_lag_seconds',
      help: 'How long the notification that waits longest has been due',
      labelNames: ['channel'],
      registers,
    });
    this.#open = new Gauge({
      name: 'notification_provider_avoided',
      help: '1 while a provider that fails is left alone',
      labelNames: ['channel'],
      registers,
    });
  }

  /** One round over the hospitals that wait. True when there is more to do at once. */
  async run(sender: ChannelSender, leaseMs = defaultLeaseMs): Promise<boolean> {
    const { channel } = sender;
    const due = await this.agenda.hospitalsDue(channel, this.#resting(channel), hospitalsARound);
    const longest = due[0]?.dueAt.getTime();
    this.#lag.set({ channel }, longest === undefined ? 0 : Math.max(0, Date.now() - longest) / 1_000);
    const queue = due.values();
    let tried = 0;
    const failed = (hospital: HospitalRef) => (err: unknown) => {
      // Else those that fail would take the places of others round after round.
      this.#rest(channel, hospital);
      this.logger.error({ err, hospitalId: hospital.id, channel }, 'notifications of a hospital wait');
      return 0;
    };
    const work = async (): Promise<void> => {
      for (const { hospital } of queue) tried += await this.#serve(sender, hospital, leaseMs).catch(failed(hospital));
    };
    await Promise.all(Array.from({ length: hospitalsAtATime }, work));
    this.#open.set({ channel }, this.#breaker(channel).isOpen ? 1 : 0);
    return tried > 0;
  }

  /** How many were tried. */
  async #serve(sender: ChannelSender, hospital: HospitalRef, leaseMs: number): Promise<number> {
    const { channel } = sender;
    const breaker = this.#breaker(channel);
    const allowance = breaker.allow(sender.concurrency, Date.now());
    const { most } = allowance;
    if (most === 0) return 0;
    const claimedAt = performance.now();
    const claimed = await this.#claim(hospital, { channel, most, leaseMs }).catch((err: unknown) => {
      breaker.unused(allowance);
      throw err;
    });
    if (claimed.deliveries.length === 0) breaker.unused(allowance);
    if (claimed.budget === 0 && claimed.deliveries.length < most) this.#rest(channel, hospital);
    // Half of the lease is for the provider's answer.
    const way = { sender, hospital, allowance, leaseMs, until: claimedAt + leaseMs / 2, own: claimed.own };
    await Promise.all(claimed.deliveries.map((delivery) => this.#try(way, delivery)));
    return claimed.deliveries.length;
  }

  #claim(hospital: HospitalRef, claim: Claim) {
    return this.database.inHospital(hospital, async (tx) => {
      const budget = await this.deliveries.lockBudget(tx);
      const deliveries = await this.deliveries.claim(tx, claim, budget);
      return { budget, deliveries, own: deliveries.length > 0 ? await this.templates.list(tx) : [] };
    });
  }

  async #try(way: Way, delivery: ClaimedDelivery): Promise<void> {
    const { sender, hospital } = way;
    const { channel } = sender;
    try {
      const ending = await this.#end(way, delivery);
      // Without one the lease runs out, and the next one to take it asks again.
      if (!ending) return;
      await this.deliveries.end(hospital, delivery, ending);
      this.#outcomes.inc({ channel, outcome: ending.status });
      if ('error' in ending) {
        const { status, error } = ending;
        this.logger.info({ hospitalId: hospital.id, deliveryId: delivery.id, channel, status, error }, 'not delivered');
      }
    } catch (err) {
      this.#breaker(channel).unused(way.allowance);
      this.#outcomes.inc({ channel, outcome: 'error' });
      this.logger.error({ err, hospitalId: hospital.id, deliveryId: delivery.id, channel }, 'delivery failed');
    }
  }

  async #end(way: Way, delivery: ClaimedDelivery): Promise<Ending | undefined> {
    const { sender, allowance, leaseMs, until, own } = way;
    const breaker = this.#breaker(sender.channel);
    const known = delivery.inDoubtSince === null ? undefined : await this.#look(way, delivery);
    if (known) return known;
    const needless = needlessFor(delivery, sender.find !== undefined);
    if (needless) {
      breaker.unused(allowance);
      return needless;
    }
    const text = textOf(delivery, sender.channel, this.config.publicUrl, own);
    if (performance.now() > until) {
      breaker.unused(allowance);
      return undefined;
    }
    const handingOver = await sender.send(delivery, text);
    this.#report(way, handingOver);
    return endingOf(handingOver, { attempt: delivery.attempt, leaseMs, chance: Math.random() });
  }

  /** How an earlier try ended, if the provider knows of it; undefined when it does not, or cannot be asked. */
  async #look({ sender, allowance, leaseMs }: Way, delivery: ClaimedDelivery): Promise<Ending | undefined> {
    if (!sender.find) return undefined;
    try {
      const providerId = await sender.find(delivery);
      // A provider that lists what it took may still take nothing: only the message itself says that it works.
      if (providerId === undefined) return undefined;
      this.#breaker(sender.channel).succeeded();
      return { status: 'sent', providerId };
    } catch (err) {
      this.logger.warn({ err, channel: sender.channel }, 'the provider does not say what it took');
      this.#breaker(sender.channel).failed(Date.now(), allowance);
      const { attempt } = delivery;
      const doubt = { kind: 'in-doubt', code: 'provider.no-answer' } as const;
      return needlessFor(delivery, false) ?? endingOf(doubt, { attempt, leaseMs, chance: Math.random() });
    }
  }

  #report({ sender, allowance }: Way, handingOver: HandingOver): void {
    const breaker = this.#breaker(sender.channel);
    if (handingOver.kind === 'accepted' || handingOver.kind === 'refused') breaker.succeeded();
    else if (handingOver.kind === 'postponed' && handingOver.aboutMessage) breaker.unused(allowance);
    else breaker.failed(Date.now(), allowance);
  }

  #breaker(channel: string): CircuitBreaker {
    const breaker = this.#breakers.get(channel) ?? new CircuitBreaker();
    this.#breakers.set(channel, breaker);
    return breaker;
  }

  /** What waits there must not hide what waits elsewhere; what becomes urgent there waits no longer than this. */
  #rest(channel: string, { id }: HospitalRef): void {
    this.#restingUntil.set(`${channel} ${id}`, Date.now() + restMs);
  }

  #resting(channel: string): string[] {
    const now = Date.now();
    for (const [key, until] of this.#restingUntil) if (until <= now) this.#restingUntil.delete(key);
    return [...this.#restingUntil.keys()].flatMap((key) => {
      const [restingChannel, id = ''] = key.split(' ');
      return restingChannel === channel ? [id] : [];
    });
  }
}

interface Way {
  readonly sender: ChannelSender;
  readonly hospital: HospitalRef;
  readonly allowance: Allowance;
  readonly leaseMs: number;
  /** On the clock that never jumps: nothing is handed over later than this. */
  readonly until: number;
  /** The hospital's own texts. */
  readonly own: readonly TemplateRow[];
}
