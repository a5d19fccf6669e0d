import { Injectable } from '@nestjs/common';
import type { VitalsUpdate } from '@hms/contracts';
import { clientAddress, requestIdFrom, trustOneHop, type TrustedHop } from '@hms/service-kit';
import type { HospitalIdentity } from '../../platform/access/actor.js';
import type { AuditEntry, AuditParty, Source } from '../../platform/audit/audit-entry.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { ApiConfig } from '../../platform/config/api-config.js';
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
  readonly #trusts: TrustedHop;

  constructor(
    private readonly trail: AuditTrail,
    config: ApiConfig,
  ) {
    this.#trusts = trustOneHop(config.trustedProxies);
  }

  /** The patients whose vitals the connection may be shown without another row. */
  recorded(socket: LiveSocket): ReadonlySet<string> {
    const shown = this.#shown.get(socket);
    return shown?.day === today() ? shown.patientIds : nobody;
  }

  /**
   * Resolves once it is durable that the connection joined and is shown these patients; only then may it be sent them.
   * Not to be called again for a connection before that.
   */
  async show(socket: LiveSocket, updates: readonly VitalsUpdate[]): Promise<void> {
    const known = this.recorded(socket);
    const patientIds = [...new Set(updates.map(({ patientId }) => patientId))].filter((id) => !known.has(id));
    const joins = !this.#shown.has(socket);
    if (!joins && patientIds.length === 0) return;
    const { actor, audience } = socket.data;
    const day = today();
    const entry: AuditEntry = { action: 'read', entity: 'live-vitals', entityIds: audience.wardIds ?? [], patientIds };
    await this.trail.record(entry, partyOf(actor), this.#sourceOf(socket, joins ? 'live connect' : 'live update'));
    this.#shown.set(socket, { day, patientIds: new Set([...known, ...patientIds]) });
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
const nobody: ReadonlySet<string> = new Set();

const partyOf = ({ hospital, userId, roles, sessionId }: HospitalIdentity): AuditParty => ({
  hospitalId: hospital.id,
  userId,
  roles,
  sessionId,
});
