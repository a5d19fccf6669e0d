import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { z } from 'zod';
import { accessError } from '../../platform/access/access.errors.js';
import { isInHospital, type HospitalIdentity } from '../../platform/access/actor.js';
import { Authenticator } from '../../platform/access/authenticator.service.js';
import { authorize } from '../../platform/access/authorize.policy.js';
import { WardsService } from '../wards/wards.service.js';
import { audienceOf, type Audience } from './audience.policy.js';
import { liveError } from './live.errors.js';
import type { LiveSession } from './live-socket.js';

const Handshake = z.object({ token: z.string().max(4_096), wardId: z.uuid().toLowerCase().optional() });
const rule = { kind: 'permission', permission: 'live:listen', scope: 'hospital' } as const;

@Injectable()
export class LiveAdmission {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly database: HospitalDatabase,
    private readonly wards: WardsService,
  ) {}

  /**
   * Decides who a socket belongs to and what it hears, from the `auth` it connects with.
   * @throws `auth.unauthenticated`, `auth.forbidden`, `auth.no-hospital`, `live.handshake-invalid` or
   * `live.ward-not-found`
   */
  async admit(auth: unknown): Promise<LiveSession> {
    const handshake = Handshake.safeParse(auth);
    if (!handshake.success) throw liveError('live.handshake-invalid', { cause: handshake.error });
    const { token, wardId } = handshake.data;
    const { actor, expiresAt } = await this.identify(token);
    return { actor, expiresAt, audience: await this.#audience(actor, wardId) };
  }

  /** @throws `auth.unauthenticated`, `auth.forbidden` or `auth.no-hospital` */
  async identify(token: string): Promise<{ actor: HospitalIdentity; expiresAt: number }> {
    const { identity: actor, expiresAt } = await this.authenticator.fromToken(token);
    authorize(actor, rule);
    if (!isInHospital(actor)) throw accessError('auth.no-hospital');
    return { actor, expiresAt };
  }

  async #audience(actor: HospitalIdentity, wardId: string | undefined): Promise<Audience> {
    const audience = audienceOf(actor, wardId);
    if (!audience || (wardId !== undefined && !(await this.#exists(actor, wardId)))) {
      throw liveError('live.ward-not-found');
    }
    return audience;
  }

  #exists(actor: HospitalIdentity, wardId: string): Promise<boolean> {
    return this.database.readInHospital(actor.hospital, (tx) => this.wards.exists(tx, wardId));
  }
}
