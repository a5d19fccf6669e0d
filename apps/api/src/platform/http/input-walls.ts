import { commonError } from '@hms/contracts';
import type { FastifyInstance } from 'fastify';
import type { AllowedMethods } from './allowed-methods.js';
import { acceptJsonOnly } from './json-body.js';
import { checkQuery } from './query-limits.js';

/**
 * What every request must be, whatever its route. Register it behind access: whoever is unknown learns nothing else.
 * Headers that would change the method have no meaning here.
 */
export function raiseInputWalls(fastify: FastifyInstance, allowed: AllowedMethods): void {
  acceptJsonOnly(fastify);
  fastify.addHook('onRequest', async (request, reply) => {
    if (request.is404) {
      const methods = allowed.at(request.raw.url ?? '');
      if (methods.length === 0) return;
      void reply.header('allow', methods.join(', '));
      if (request.method === 'OPTIONS') return reply.status(204).send();
      throw commonError('method.not-allowed');
    }
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') throw commonError('body.unsupported-type');
    checkQuery(request.raw.url ?? '', request.query);
    const parameters = Object.values(request.params as Readonly<Record<string, string>>);
    if (parameters.some((value) => value.includes('\0'))) throw commonError('route.not-found');
  });
}
