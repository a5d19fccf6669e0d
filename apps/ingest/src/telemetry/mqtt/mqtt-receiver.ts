import { setTimeout as delay } from 'node:timers/promises';
import { AppError, commonError, telemetryError } from '@hms/contracts';
import type { Logger } from '@hms/service-kit';
import type { Caller } from '../../gateways/caller.js';
import { bodyText } from '../formats/body-text.js';
import { decodeJson } from '../formats/json.js';
import { decodeSenml } from '../formats/senml.js';
import { decodeThingsboard } from '../formats/thingsboard.js';
import { reject } from '../reading.js';
import { isForGood } from '../refusal.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import type { TelemetryRouteParts } from '../telemetry.routes.js';
import { NothingAccepted } from '../telemetry.service.js';
import type { Delivery } from './mqtt-connection.js';
import { parseTopic, type Topic } from './topic.js';

/** Stored: of at least one reading. Refused: it never will be, and is forgotten. Dropped: QoS 0, and no room for it. */
export type MqttOutcome = 'stored' | 'refused' | 'dropped';

export interface MqttReceiverParts extends Pick<
  TelemetryRouteParts,
  'authenticate' | 'gate' | 'receive' | 'metrics' | 'now'
> {
  /** Gateway keys of hospitals whose devices state none, by the hospital's short name. */
  readonly keys: ReadonlyMap<string, string>;
  /** Messages worked on at a time; with QoS 1 the broker sends no more. */
  readonly atOnce: number;
  readonly count: (outcome: MqttOutcome) => void;
  readonly retried: () => void;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;
const logEveryMs = 10_000;

/**
 * Takes in messages of a broker. One is acknowledged after its readings are committed, or when they can never be; while
 * they cannot be stored now it is tried again, and nothing that is not acknowledged is lost.
 */
export class MqttReceiver {
  readonly #working = new Set<Promise<void>>();
  readonly #loggedAt = new Map<string, number>();
  readonly #stopped = new AbortController();

  constructor(
    private readonly parts: MqttReceiverParts,
    private readonly logger: Logger,
  ) {}

  take(delivery: Delivery): void {
    if (!delivery.kept && this.#working.size >= this.parts.atOnce) {
      this.parts.count('dropped');
      return;
    }
    const work = this.#settle(delivery).finally(() => this.#working.delete(work));
    this.#working.add(work);
  }

  /** Ends when all attempts under way have ended; there are no more of them. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#working);
  }

  async #settle(delivery: Delivery): Promise<void> {
    const { signal } = this.#stopped;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const outcome = await this.#attempt(delivery);
      if (outcome) {
        delivery.acknowledge();
        this.parts.count(outcome);
        return;
      }
      this.parts.retried();
      await delay(pauseMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      if (signal.aborted || !delivery.open()) return;
    }
  }

  /** Undefined when it is to be tried again. */
  async #attempt(delivery: Delivery): Promise<MqttOutcome | undefined> {
    try {
      await this.#store(delivery);
      return 'stored';
    } catch (err) {
      if (err instanceof AppError && !isForGood(err)) return undefined;
      this.#log(delivery, err);
      return 'refused';
    }
  }

  async #store(delivery: Delivery): Promise<void> {
    const { authenticate, gate, receive, metrics, now } = this.parts;
    const topic = parseTopic(delivery.topic);
    if (!topic) throw commonError('route.not-found');
    const caller = await authenticate(`Bearer ${this.#keyOf(topic, delivery)}`);
    assertOwn(topic, caller);
    const bytes = delivery.payload.length;
    const refusal = gate.enter(bytes, caller);
    if (refusal) throw refusal;
    try {
      const at = now();
      const { receipt, replayed } = await receive(caller, decode(topic, delivery, at), at);
      if (!replayed) metrics.answered(receipt);
    } finally {
      gate.leave(bytes);
    }
  }

  /** The message's own, or else that which was given to us for what its broker lets through under this topic. */
  #keyOf(topic: Topic, delivery: Delivery): string {
    const own = delivery.property('key');
    return own === '' && topic.form === 'vitals' ? (this.parts.keys.get(topic.slug) ?? '') : own;
  }

  /** A message that nobody will send again is told of, each reason now and then. */
  #log({ topic }: Delivery, err: unknown): void {
    const known = err instanceof AppError;
    const code = known ? err.code : 'internal.error';
    const rejected = err instanceof NothingAccepted ? err.receipt.rejected.slice(0, 3) : undefined;
    if (performance.now() - (this.#loggedAt.get(code) ?? -Infinity) < logEveryMs) return;
    this.#loggedAt.set(code, performance.now());
    const told = { code, topic: topic.slice(0, 120), rejected, ...(known ? {} : { err }) };
    this.logger[known ? 'warn' : 'error'](told, 'an MQTT message that cannot be stored');
  }
}

/** The hospital is the key's. A topic of another one is a mistake that must not pass unseen. */
function assertOwn(topic: Topic, { hospital }: Caller): void {
  if (topic.form === 'vitals' && topic.slug !== hospital.slug) throw telemetryError('telemetry.other-hospital');
}

function decode(topic: Topic, delivery: Delivery, at: number): TelemetryBatch {
  const text = bodyText(delivery.payload);
  if (topic.form === 'thingsboard') {
    return decodeThingsboard(text, { at, idempotencyKey: '', device: delivery.property('device') });
  }
  const senml = delivery.contentType === 'application/senml+json' || text.trimStart().startsWith('[');
  const batch = (senml ? decodeSenml : decodeJson)(text, { at, idempotencyKey: '', device: topic.device });
  return onlyOf(topic.device, batch);
}

/** Brokers decide by the topic who may publish, so no other device may come in by it. */
function onlyOf(device: string, batch: TelemetryBatch): TelemetryBatch {
  const foreign = batch.readings.filter((reading) => reading.device !== device);
  if (foreign.length === 0) return batch;
  return {
    ...batch,
    readings: batch.readings.filter((reading) => reading.device === device),
    rejected: [...batch.rejected, ...foreign.map(({ index }) => reject(index, 'foreign_device', 'd'))],
  };
}
