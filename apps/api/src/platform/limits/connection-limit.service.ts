import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { AppError } from '@hms/contracts';
import { ApiConfig } from '../config/api-config.js';
import { addressKey, clientAddress, trustOneHop, type TrustedHop } from '@hms/service-kit';
import { limitedError } from './limited.error.js';
import { RateLimits } from './rate-limits.service.js';

/** How often an address may open a socket; those handshakes do not go through Fastify. */
@Injectable()
export class ConnectionLimit {
  readonly #trusts: TrustedHop;

  constructor(
    private readonly limits: RateLimits,
    config: ApiConfig,
  ) {
    this.#trusts = trustOneHop(config.trustedProxies);
  }

  /** Counts the attempt. */
  async refusalOf({ socket, headers }: IncomingMessage): Promise<AppError | undefined> {
    const forwarded = headers['x-forwarded-for'];
    const chain = Array.isArray(forwarded) ? forwarded.join(',') : forwarded;
    const address = clientAddress(this.#trusts, socket.remoteAddress ?? '', chain);
    const verdict = await this.limits.take('live', 'address', addressKey(address));
    return verdict.granted ? undefined : limitedError(verdict);
  }
}
