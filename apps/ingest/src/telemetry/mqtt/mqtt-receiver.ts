import { setTimeout as delay } from 'node:timers/promises';
import { AppError, commonError, telemetryError } from '@hms/contracts';
import type { Logger } from '@hms/service-kit';
import type { Caller } from '../../gateways/caller.js';
import { HospitalSuspended } from '../../gateways/hospital-suspended.js';
import type { Hospital } from '../../hospitals/hospital.js';
import { isForGood } from '../refusal.js';
import { type DeadLetterBox, DeadLettersFull } from '../store/dead-letter-box.js';
import type { DeadLetter } from '../store/dead-letters.js';
import type { TelemetryRouteParts } from '../telemetry.routes.js';
import { NothingAccepted } from '../telemetry.service.js';
import type { ArrivalTimes } from './arrival-times.js';
import { decodeMessage } from './decode-message.js';
import { letterOf, readingLettersOf } from './message-letters.js';
import type { Delivery } from './mqtt-connection.js';
import type { RoomShare } from '../room.js';
import { parseTopic, type Topic } from './topic.js';

/**
 * Stored: of at least one reading. Refused: it never will be, and is kept among the dead letters of its hospital. Lost: there
 * is no room among those, or its hospital is suspended, and it would hold up other hospitals. Unknown: it is of nobody who may send, and is forgotten.
 * Dropped: QoS 0, and no room for it.
 */
export type MqttOutcome = 'stored' | 'refused' | 'lost' | 'unknown' | 'dropped';

export interface MqttReceiverParts extends Pick<TelemetryRouteParts, 'authenticate' | 'gate' | 'receive' | 'now'> {
  /** Gateway keys of hospitals whose devices state none, by the hospital's short name. */
  readonly keys: ReadonlyMap<string, string>;
  /** Messages worked on at a time; with QoS 1 the broker sends no more. */
  readonly atOnce: number;
  /** Of those, how many may wait for their hospital: it sends too much, decides too little, or is suspended. What is beyond that is refused. */
  readonly atOnceEach: number;
  readonly room: RoomShare;
  readonly arrivals: Pick<ArrivalTimes, 'of' | 'settled'>;
  readonly keep: DeadLetterBox['keep'];
  readonly count: (outcome: MqttOutcome) => void;
  readonly retried: () => void;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;
const logEveryMs = 10_000;

/**
 * Takes in messages of one session with a broker. One is acknowledged after its readings are committed, or when they can
 * never be; while they cannot be stored now it is tried again, and nothing that is not acknowledged is lost.
 */
export class MqttReceiver {
  readonly #working = new Set<Promise<void>>();
  /** Those that wait for their hospital. */
  readonly #waiting = new Map<Delivery, Hospital>();
  readonly #loggedAt = new Map<string, number>();
  readonly #stopped = new AbortController();

  constructor(
    private readonly parts: MqttReceiverParts,
    private readonly logger: Logger,
  ) {}

  take(delivery: Delivery): void {
    const { atOnce, room, now } = this.parts;
    const bytes = delivery.payload.length;
    const isFull = !delivery.kept && this.#working.size >= atOnce;
    if (isFull || !room.enter(bytes)) {
      if (delivery.kept) delivery.giveBack();
      else this.parts.count('dropped');
      return;
    }
    const work = this.#settle(delivery, now()).finally(() => {
      this.#working.delete(work);
      this.#waiting.delete(delivery);
      room.leave(bytes);
    });
    this.#working.add(work);
  }

  /** Ends when all attempts under way have ended; there are no more of them. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#working);
  }

  async #settle(delivery: Delivery, at: number): Promise<void> {
    const { signal } = this.#stopped;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const outcome = await this.#attempt(delivery, at);
      if (outcome) {
        delivery.acknowledge();
        this.parts.arrivals.settled(delivery);
        this.parts.count(outcome);
        return;
      }
      this.parts.retried();
      await delay(pauseMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      if (signal.aborted || !delivery.open()) return;
    }
  }

  /** Undefined when it is to be tried again. */
  async #attempt(delivery: Delivery, at: number): Promise<MqttOutcome | undefined> {
    let caller: Caller | undefined;
    try {
      const topic = parseTopic(delivery.topic);
      if (!topic) throw commonError('route.not-found');
      caller = await this.#callerOf(topic, delivery);
      await this.#store(caller, topic, delivery, at);
      return 'stored';
    } catch (err) {
      if (this.#mayBeStoredLater(delivery, caller, err)) return undefined;
      this.#log(delivery, err);
      if (isSuspended(delivery, err)) return 'lost';
      if (!caller) return isDenied(err) ? 'unknown' : 'refused';
      if (err instanceof NothingAccepted) return 'refused';
      if (err instanceof DeadLettersFull) return 'lost';
      const what = [caller, delivery, at, codeOf(err)] as const;
      return this.#refuse(delivery, caller, isTooMuch(err) ? readingLettersOf(...what) : [letterOf(...what)]);
    }
  }

  async #store(caller: Caller, topic: Topic, delivery: Delivery, at: number): Promise<void> {
    const { gate, receive, arrivals } = this.parts;
    assertOwn(topic, caller);
    const bytes = delivery.payload.length;
    const refusal = gate.enter(bytes, caller);
    if (refusal) throw refusal;
    try {
      let batch = decodeMessage(topic, delivery, at);
      if (batch.untimed) batch = decodeMessage(topic, delivery, await arrivals.of(delivery, at));
      const [unread] = batch.rejected;
      if (unread) await this.parts.keep(caller.hospital, [letterOf(caller, delivery, at, unread.code)]);
      await receive(caller, { ...batch, unheard: true }, at);
    } finally {
      gate.leave(bytes, caller);
    }
  }

  /** By the message's own key, or else by that which was given to us for what its broker lets through under this topic. */
  async #callerOf(topic: Topic, delivery: Delivery): Promise<Caller> {
    const own = delivery.property('key');
    const given = topic.form === 'vitals' ? this.parts.keys.get(topic.slug) : undefined;
    try {
      return await this.parts.authenticate(`Bearer ${own === '' ? (given ?? '') : own}`);
    } catch (err) {
      if (own !== '' || given === undefined || !isDenied(err)) throw err;
      // Whoever runs this can mend it, and then the message is good.
      this.#log(delivery, err);
      throw commonError('service.unavailable', { cause: err });
    }
  }

  #mayBeStoredLater(delivery: Delivery, caller: Caller | undefined, err: unknown): boolean {
    if (isSuspended(delivery, err)) return this.#mayWaitFor(err.hospital, delivery);
    if (!(err instanceof AppError) || isForGood(err)) return false;
    return !caller || !isOfHospital(err) || this.#mayWaitFor(caller.hospital, delivery);
  }

  /** What waits for its hospital waits in a number that leaves room for the others of the session. */
  #mayWaitFor(hospital: Hospital, delivery: Delivery): boolean {
    const others = [...this.#waiting].filter(([each, its]) => its === hospital && each !== delivery);
    if (others.length >= this.parts.atOnceEach) return false;
    this.#waiting.set(delivery, hospital);
    return true;
  }

  /** Keeps it among the dead letters of the hospital. Undefined when that is to be tried again. */
  async #refuse(
    delivery: Delivery,
    { hospital }: Caller,
    letters: readonly DeadLetter[],
  ): Promise<MqttOutcome | undefined> {
    try {
      await this.parts.keep(hospital, letters);
      return 'refused';
    } catch (err) {
      if (!(err instanceof DeadLettersFull) || this.#mayWaitFor(hospital, delivery)) return undefined;
      this.#log(delivery, err);
      return 'lost';
    }
  }

  /** A message that nobody will send again is told of, each reason now and then. */
  #log({ topic }: Delivery, err: unknown): void {
    const known = err instanceof AppError;
    const code = codeOf(err);
    const rejected = err instanceof NothingAccepted ? err.receipt.rejected.slice(0, 3) : undefined;
    if (performance.now() - (this.#loggedAt.get(code) ?? -Infinity) < logEveryMs) return;
    this.#loggedAt.set(code, performance.now());
    const told = { code, topic: topic.slice(0, 120), rejected, ...(known ? {} : { err }) };
    this.logger[known ? 'warn' : 'error'](told, 'an MQTT message that cannot be stored');
  }
}

const codeOf = (err: unknown): string => (err instanceof AppError ? err.code : 'internal.error');

const isTooMuch = (err: unknown): boolean => err instanceof AppError && err.spec.status === 429;

/** Whether it is for its hospital to mend. */
const isOfHospital = (err: unknown): boolean => isTooMuch(err) || err instanceof DeadLettersFull;

const isDenied = (err: unknown): boolean => err instanceof AppError && [401, 403].includes(err.spec.status);

/** Whether it is the delivery's own hospital that is. The session of another must not wait for it. */
function isSuspended({ topic }: Delivery, err: unknown): err is HospitalSuspended {
  if (!(err instanceof HospitalSuspended)) return false;
  const parsed = parseTopic(topic);
  return parsed?.form !== 'vitals' || parsed.slug === err.hospital.slug;
}

/** The hospital is the key's. A topic of another one is a mistake that must not pass unseen. */
function assertOwn(topic: Topic, { hospital }: Caller): void {
  if (topic.form === 'vitals' && topic.slug !== hospital.slug) throw telemetryError('telemetry.other-hospital');
}
