import { Injectable } from '@nestjs/common';
import type { VitalsUpdate } from '@hms/contracts';
import { requestIdFrom } from '@hms/service-kit';
import type { HospitalIdentity } from '../../platform/access/actor.js';
import type { AuditEntry, AuditParty, Source } from '../../platform/audit/audit-entry.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { ApiConfig } from '../../platform/config/api-config.js';
import { clientAddress, trustOneHop, type TrustedHop } from '../../platform/limits/client-address.js';
import type { LiveSocket } from './live-socket.js';

/** One row for each time somebody joins a feed: which wards, and whose vitals it began with. */
@Injectable()
export class LiveAudit {
  readonly #trusts: TrustedHop;

  constructor(
    private readonly trail: AuditTrail,
    config: ApiConfig,
  ) {
    this.#trusts = trustOneHop(config.trustedProxies);
  }

  /** Resolves once the row is durable; only then may the snapshot be sent. */
  joined(socket: LiveSocket, snapshot: readonly VitalsUpdate[]): Promise<void> {
    const { actor, audience } = socket.data;
    const patientIds = [...new Set(snapshot.map(({ patientId }) => patientId))];
    const entry: AuditEntry = { action: 'read', entity: 'live-vitals', entityIds: audience.wardIds ?? [], patientIds };
    return this.trail.record(entry, partyOf(actor), this.#sourceOf(socket));
  }

  #sourceOf({ handshake, request }: LiveSocket): Source {
    const { 'x-request-id': requestId, 'x-forwarded-for': forwarded, 'user-agent': userAgent } = handshake.headers;
    const chain = Array.isArray(forwarded) ? forwarded.join(',') : forwarded;
    return {
      requestId: requestIdFrom(typeof requestId === 'string' ? requestId : undefined),
      ip: clientAddress(this.#trusts, request.socket.remoteAddress ?? '', chain),
      ...(userAgent === undefined ? {} : { userAgent }),
      operation: 'live connect',
    };
  }
}

const partyOf = ({ hospital, userId, roles, sessionId }: HospitalIdentity): AuditParty => ({
  hospitalId: hospital.id,
  userId,
  roles,
  sessionId,
});
