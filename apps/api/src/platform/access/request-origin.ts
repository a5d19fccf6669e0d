import type { FastifyContextConfig, FastifyRequest } from 'fastify';

/** Which request an actor acts through: where it came from and what its route declares. */
export interface RequestOrigin {
  readonly requestId: string;
  /** The client's address, as the one trusted proxy reports it. */
  readonly ip: string;
  readonly userAgent?: string;
  /** Method and matched route, such as `POST /api/v1/patients/:id/restore`; on a socket, the event. */
  readonly operation: string;
  /** Path parameters, as they were sent. */
  readonly params: Readonly<Record<string, string>>;
  /** What decorators said of the route. */
  readonly declared: FastifyContextConfig;
}

export function originOf(request: FastifyRequest): RequestOrigin {
  const userAgent = request.headers['user-agent'];
  return {
    requestId: request.id,
    ip: request.ip,
    ...(userAgent === undefined ? {} : { userAgent }),
    operation: `${request.method} ${request.routeOptions.url ?? ''}`,
    params: (request.params ?? {}) as Readonly<Record<string, string>>,
    declared: request.routeOptions.config,
  };
}
