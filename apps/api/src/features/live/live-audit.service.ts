import { Injectable } from '@nestjs/common';
import type { VitalsUpdate } from '@hms/contracts';
import { requestIdFrom } from '@hms/service-kit';
import type { HospitalIdentity } from '../../platform/access/actor.js';
import type { AuditEntry, AuditParty, Source } from '../../platform/audit/audit-entry.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { ApiConfig } from '../../platform/config/api-config.js';
import { clientAddress, trustOneHop, type TrustedHop } from '../../platform/limits/client-address.js';
import type { LiveSocket } from './live-socket.js';

/** Whose vitals a connection was shown on one day. */
interface Shown {
  readonly day: string;
  readonly patientIds: ReadonlySet<string>;
}

/**
 * One row for each time somebody joins a feed: which wards, and whose vitals it began with. Patients who come later are
 * a row once for each connection and day (UTC).
 */
@Injectable()
export class LiveAudit {
  readonly #shown = new WeakMap<LiveSocket, Shown>();
  /** The row a connection waits for. */
  readonly #recording = new WeakMap<LiveSocket, Promise<void>>();
  readonly #trusts: TrustedHop;

  constructor(
    private readonly trail: AuditTrail,
    config: ApiConfig,
  ) {
    this.#trusts = trustOneHop(config.trustedProxies);
  }

  /** Resolves once the row is durable; only then may the snapshot be sent. */
  joined(socket: LiveSocket, snapshot: readonly VitalsUpdate[]): Promise<void> {
    return this.#record(socket, patientsOf(snapshot), 'live connect');
  }

  /** Whether {@link shown} has to be awaited before the connection is sent these. */
  mustRecord(socket: LiveSocket, updates: readonly VitalsUpdate[]): boolean {
    return this.#recording.has(socket) || this.#unrecorded(socket, updates).length > 0;
  }

  /** Resolves once the patients who are new to the connection are recorded, and after what was shown before. */
  shown(socket: LiveSocket, updates: readonly VitalsUpdate[]): Promise<void> {
    const record = (): Promise<void> => {
      const added = this.#unrecorded(socket, updates);
      return added.length === 0 ? Promise.resolve() : this.#record(socket, added, 'live update');
    };
    const recording = (this.#recording.get(socket) ?? Promise.resolve()).then(record, record).finally(() => {
      if (this.#recording.get(socket) === recording) this.#recording.delete(socket);
    });
    this.#recording.set(socket, recording);
    return recording;
  }

  #unrecorded(socket: LiveSocket, updates: readonly VitalsUpdate[]): string[] {
    const known = this.#shownToday(socket);
    return patientsOf(updates).filter((id) => !known?.has(id));
  }

  #shownToday(socket: LiveSocket): ReadonlySet<string> | undefined {
    const shown = this.#shown.get(socket);
    return shown?.day === today() ? shown.patientIds : undefined;
  }

  async #record(socket: LiveSocket, patientIds: readonly string[], operation: string): Promise<void> {
    const { actor, audience } = socket.data;
    const day = today();
    const entry: AuditEntry = { action: 'read', entity: 'live-vitals', entityIds: audience.wardIds ?? [], patientIds };
    await this.trail.record(entry, partyOf(actor), this.#sourceOf(socket, operation));
    this.#shown.set(socket, { day, patientIds: new Set([...(this.#shownToday(socket) ?? []), ...patientIds]) });
  }

  #sourceOf({ handshake, request }: LiveSocket, operation: string): Source {
    const { 'x-request-id': requestId, 'x-forwarded-for': forwarded, 'user-agent': userAgent } = handshake.headers;
    const chain = Array.isArray(forwarded) ? forwarded.join(',') : forwarded;
    return {
      requestId: requestIdFrom(typeof requestId === 'string' ? requestId : undefined),
      ip: clientAddress(this.#trusts, request.socket.remoteAddress ?? '', chain),
      ...(userAgent === undefined ? {} : { userAgent }),
      operation,
    };
  }
}

const today = (): string => new Date().toISOString().slice(0, 10);
const patientsOf = (updates: readonly VitalsUpdate[]): string[] => [
  ...new Set(updates.map(({ patientId }) => patientId)),
];

const partyOf = ({ hospital, userId, roles, sessionId }: HospitalIdentity): AuditParty => ({
  hospitalId: hospital.id,
  userId,
  roles,
  sessionId,
});
