import { createHash } from 'node:crypto';
import type { Delivery } from './mqtt-connection.js';

/** As long as the broker keeps a session. */
const keptS = 7 * 24 * 3_600;

/** What of Redis is used. */
export interface ArrivalMemory {
  hset(key: string, field: string, value: string): Promise<unknown>;
  hget(key: string, field: string): Promise<string | null>;
  hdel(key: string, field: string): Promise<unknown>;
  expire(key: string, seconds: number): Promise<unknown>;
}

/**
 * When messages came that state no time. The broker sends one again that was not acknowledged, with its packet identifier and
 * marked as a duplicate (MQTT 5 §3.3.1.1, §4.4): it keeps the time it came first, and so is stored once. What came before a
 * restart is remembered in Redis; without it such a message may be stored a second time.
 */
export class ArrivalTimes {
  /** By packet identifier. */
  readonly #known = new Map<number, string>();
  /** What was acknowledged of those, the earliest first. */
  readonly #settled: (readonly [messageId: number, arrival: string])[] = [];
  readonly #key: string;

  /** @param receiveMaximum how many messages the broker may have sent that are not acknowledged */
  constructor(
    session: string,
    private readonly memory: ArrivalMemory,
    private readonly receiveMaximum: number,
  ) {
    this.#key = `ingest:mqtt:${session}`;
  }

  /** @param now milliseconds since 1970 @returns when it came first; ends when that is remembered */
  async of(delivery: Delivery, now: number): Promise<number> {
    const { messageId } = delivery;
    if (messageId === undefined) return now;
    const digest = digestOf(delivery);
    const first = delivery.isDuplicate ? await this.#recall(messageId, digest) : undefined;
    if (first === undefined) await this.#remember(messageId, `${now} ${digest}`);
    return first ?? now;
  }

  /**
   * To be called when it was acknowledged. The broker may not have heard of that when the connection ends then, so it is forgotten
   * once as many others were as the broker sends without hearing.
   */
  settled({ messageId }: Delivery): void {
    const arrival = messageId === undefined ? undefined : this.#known.get(messageId);
    if (messageId === undefined || arrival === undefined) return;
    this.#settled.push([messageId, arrival]);
    if (this.#settled.length > this.receiveMaximum) this.#forgetFirst();
  }

  #forgetFirst(): void {
    const [messageId, arrival] = this.#settled.shift() ?? [];
    // Its identifier may be that of a newer one by now.
    if (messageId === undefined || this.#known.get(messageId) !== arrival) return;
    this.#known.delete(messageId);
    void this.memory.hdel(this.#key, String(messageId)).catch(() => undefined);
  }

  async #recall(messageId: number, digest: string): Promise<number | undefined> {
    const known =
      this.#known.get(messageId) ?? (await this.memory.hget(this.#key, String(messageId)).catch(() => null));
    const [at, of] = known?.split(' ') ?? [];
    if (!known || of !== digest) return undefined;
    this.#known.set(messageId, known);
    return Number(at);
  }

  async #remember(messageId: number, arrival: string): Promise<void> {
    if (this.#known.get(messageId) === arrival) return;
    this.#known.set(messageId, arrival);
    const { memory } = this;
    const kept = [memory.hset(this.#key, String(messageId), arrival), memory.expire(this.#key, keptS)];
    await Promise.allSettled(kept);
  }
}

const digestOf = ({ topic, payload }: Delivery): string =>
  createHash('sha256').update(`${topic}\0`).update(payload).digest('base64url').slice(0, 22);
