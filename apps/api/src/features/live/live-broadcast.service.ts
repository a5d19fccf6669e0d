import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { audienceOfEvent, type DomainEvent, type VitalsUpdate, type WardVitals } from '@hms/contracts';
import type { Logger } from '@hms/service-kit';
import { rootLogger } from '../../platform/observability/observability.tokens.js';
import { VitalsService } from '../vitals/vitals.service.js';
import { audienceKey, hearsOf, hospitalRoom, roomsHearing, roomsOf } from './audience.policy.js';
import { LiveAudit } from './live-audit.service.js';
import { toLiveChange } from './live-change.js';
import { LiveFeed, type FeedListener } from './live-feed.service.js';
import { LiveMetrics } from './live-metrics.js';
import type { LiveNamespace, LiveSocket } from './live-socket.js';

/** Packets a socket may have waiting; one that has more misses updates and is given a snapshot when it caught up. */
const maxWaitingPackets = 64;
const catchUpEveryMs = 500;
/** Ingest writes what a snapshot is made of up to a second after it published it. */
const settledAfterMs = 2_000;
const updatesPerEvent = 200;
/** An update that waited longer for its row in the audit is no live one any more. */
const liveForMs = 1_000;

/** A snapshot a socket is owed. */
interface Debt {
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
  /** `begins`: the first one. `missed`: updates were lost. `settles`: the repetition both are followed by. */
  readonly why: 'begins' | 'missed' | 'settles';
}

/**
 * Hands updates to the sockets. What a socket misses — because it reads too slowly, because Redis was away, or because
 * it cannot be recorded who is shown — is made good by a snapshot, never by a queue that grows.
 */
@Injectable()
export class LiveBroadcast implements FeedListener, OnApplicationShutdown {
  readonly #debts = new Map<LiveSocket, Debt>();
  /** Those whose snapshot is being read, or for whom a row is being written: one at a time for each. */
  readonly #busy = new Set<LiveSocket>();
  #namespace: LiveNamespace | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly feed: LiveFeed,
    private readonly snapshots: VitalsService,
    private readonly metrics: LiveMetrics,
    private readonly audit: LiveAudit,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {}

  start(namespace: LiveNamespace): void {
    this.#namespace = namespace;
    this.feed.listen(this);
    this.#timer = setInterval(() => this.#catchUp(), catchUpEveryMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** Begins with a snapshot; updates follow from then on. */
  async join(socket: LiveSocket): Promise<void> {
    this.metrics.connections.inc();
    await this.feed.watch(socket.data.audience.hospitalId);
    if (!socket.connected) return;
    this.#debts.set(socket, { dueAt: 0, why: 'begins' });
    if (!this.feed.live) socket.emit('interrupted');
    await this.#pay([socket]);
  }

  leave(socket: LiveSocket): void {
    this.metrics.connections.dec();
    this.#debts.delete(socket);
    this.feed.unwatch(socket.data.audience.hospitalId);
  }

  vitals(hospitalId: string, { wardId, updates }: WardVitals): void {
    const rooms = roomsHearing(hospitalId, wardId);
    const listeners = this.#members(rooms);
    if (!this.#namespace || listeners.length === 0) return;
    const behind = this.#behind(listeners);
    const later = listeners.filter((socket) => !behind.includes(socket) && !this.#mayShow(socket, updates));
    this.#namespace
      .to(rooms)
      .except([...behind, ...later].map(({ id }) => id))
      .emit('vitals', updates);
    for (const socket of later) this.#showPart(socket, updates);
    this.metrics.events.inc({ event: 'vitals' }, listeners.length - behind.length - later.length);
    this.#observeAge(updates);
  }

  /** Tells those who hold the event's permission, hear of its ward if it happened on one, and are its user if it has one. */
  changed(hospitalId: string, event: DomainEvent): void {
    const audience = audienceOfEvent(event);
    if (!this.#namespace || !audience) return;
    const { permission, wardId, userId } = audience;
    const listeners = this.#members([hospitalRoom(hospitalId)]).filter(
      ({ data: { actor, audience: heard } }) =>
        actor.permissions.has(permission) &&
        (wardId === undefined || hearsOf(heard, wardId)) &&
        (userId === undefined || actor.userId === userId),
    );
    const behind = this.#behind(listeners);
    const told = listeners.filter((socket) => !behind.includes(socket)).map(({ id }) => id);
    // To no room at all would be to everybody.
    if (told.length > 0) this.#namespace.to(told).emit('change', toLiveChange(event));
    this.metrics.events.inc({ event: 'change' }, told.length);
  }

  interrupted(): void {
    this.#namespace?.emit('interrupted');
  }

  restored(): void {
    for (const socket of this.#namespace?.sockets.values() ?? []) this.#owe(socket);
  }

  #mayShow(socket: LiveSocket, updates: readonly VitalsUpdate[]): boolean {
    const recorded = this.audit.recorded(socket);
    return updates.every(({ patientId }) => recorded.has(patientId));
  }

  /** Sends what shows patients the socket knows; the rest waits for its row, or for a snapshot if another one is written. */
  #showPart(socket: LiveSocket, updates: readonly VitalsUpdate[]): void {
    const recorded = this.audit.recorded(socket);
    this.#emit(
      socket,
      updates.filter(({ patientId }) => recorded.has(patientId)),
    );
    if (this.#busy.has(socket) || this.#debts.get(socket)?.why === 'missed') this.#skip(socket);
    else
      void this.#introduce(
        socket,
        updates.filter(({ patientId }) => !recorded.has(patientId)),
      );
  }

  /** Sends what shows patients who are new to the socket, once that is recorded. */
  async #introduce(socket: LiveSocket, updates: readonly VitalsUpdate[]): Promise<void> {
    this.#busy.add(socket);
    const until = performance.now() + liveForMs;
    try {
      await this.audit.show(socket, updates);
      if (performance.now() < until) this.#emit(socket, updates);
      else this.#skip(socket);
    } catch (err) {
      this.logger.warn({ err }, 'live updates not audited');
      this.#skip(socket, Date.now() + settledAfterMs);
    } finally {
      this.#busy.delete(socket);
    }
  }

  #emit(socket: LiveSocket, updates: readonly VitalsUpdate[]): void {
    if (updates.length === 0) return;
    socket.emit('vitals', updates);
    this.metrics.events.inc({ event: 'vitals' });
  }

  #skip(socket: LiveSocket, dueAt?: number): void {
    this.metrics.skipped.inc();
    this.#owe(socket, dueAt);
  }

  /** A snapshot for what was lost. One that is owed already stays due when it was, after a failure a little later. */
  #owe(socket: LiveSocket, dueAt = 0): void {
    if (!socket.connected || this.#debts.get(socket)?.why === 'missed') return;
    this.#debts.set(socket, { dueAt, why: 'missed' });
  }

  /** Those who read too slowly to be sent more: they miss this, and are brought up to date later. */
  #behind(listeners: readonly LiveSocket[]): LiveSocket[] {
    const behind = listeners.filter((socket) => waitingPackets(socket) > maxWaitingPackets);
    for (const socket of behind) this.#skip(socket);
    return behind;
  }

  #members(rooms: readonly string[]): LiveSocket[] {
    const { sockets, adapter } = this.#namespace ?? {};
    const ids = new Set(rooms.flatMap((name) => [...(adapter?.rooms.get(name) ?? [])]));
    return [...ids].flatMap((id) => sockets?.get(id) ?? []);
  }

  #observeAge(updates: readonly VitalsUpdate[]): void {
    const newest = Math.max(...updates.map(({ recordedAt }) => Date.parse(recordedAt)));
    if (Number.isFinite(newest)) this.metrics.age.observe(Math.max(0, Date.now() - newest) / 1_000);
  }

  /**
   * Pays the debts that are due to sockets which read again. One audience costs one query, however many watch, and waits
   * for no other.
   */
  #catchUp(): void {
    const now = Date.now();
    const due = [...this.#debts].filter(
      ([socket, { dueAt, why }]) =>
        dueAt <= now && waitingPackets(socket) === 0 && (why !== 'missed' || this.feed.live),
    );
    const audiences = new Map<string, LiveSocket[]>();
    for (const [socket] of due) {
      const key = audienceKey(socket.data.audience);
      audiences.set(key, [...(audiences.get(key) ?? []), socket]);
    }
    for (const sockets of audiences.values()) void this.#pay(sockets);
  }

  /** Sends sockets of one audience their snapshot. When it cannot be read, the debt is due again a little later. */
  async #pay(owed: readonly LiveSocket[]): Promise<void> {
    const sockets = owed.filter((socket) => !this.#busy.has(socket));
    const [first] = sockets;
    if (!first) return;
    for (const socket of sockets) this.#busy.add(socket);
    const { actor, audience } = first.data;
    try {
      const snapshot = await this.snapshots.snapshot(actor.hospital, audience.wardIds);
      await Promise.all(sockets.map((socket) => this.#present(socket, snapshot)));
    } catch (err) {
      this.#postpone(sockets, err);
    } finally {
      for (const socket of sockets) this.#busy.delete(socket);
    }
  }

  /** To who may see no vitals it is empty: they begin with it like everybody. */
  async #present(socket: LiveSocket, latest: readonly VitalsUpdate[]): Promise<void> {
    const snapshot = seesVitals(socket) ? latest : [];
    try {
      await this.audit.show(socket, snapshot);
      this.#send(socket, snapshot);
    } catch (err) {
      this.#postpone([socket], err);
    }
  }

  #send(socket: LiveSocket, snapshot: readonly VitalsUpdate[]): void {
    const debt = this.#debts.get(socket);
    if (!debt || !socket.connected) return;
    this.#debts.delete(socket);
    if (debt.why === 'missed') socket.emit('resync');
    for (let i = 0; i === 0 || i < snapshot.length; i += updatesPerEvent) {
      socket.emit('vitals', snapshot.slice(i, i + updatesPerEvent));
    }
    this.metrics.events.inc({ event: 'snapshot' });
    if (debt.why === 'settles') return;
    const { audience } = socket.data;
    // Of the rooms to which vitals are sent nobody is who may not see them.
    void socket.join(seesVitals(socket) ? roomsOf(audience) : hospitalRoom(audience.hospitalId));
    this.#debts.set(socket, { dueAt: Date.now() + settledAfterMs, why: 'settles' });
  }

  #postpone(sockets: readonly LiveSocket[], err: unknown): void {
    this.logger.warn({ err }, 'no snapshot for live sockets');
    for (const socket of sockets) {
      const debt = this.#debts.get(socket);
      if (debt) this.#debts.set(socket, { ...debt, dueAt: Date.now() + settledAfterMs });
    }
  }
}

const seesVitals = ({ data: { actor } }: LiveSocket): boolean => actor.permissions.has('vitals:read');

/** What Engine.IO holds back for a client that does not read; its types keep it private. */
function waitingPackets(socket: LiveSocket): number {
  const waiting: unknown = socket.conn['writeBuffer'];
  return Array.isArray(waiting) ? waiting.length : 0;
}
