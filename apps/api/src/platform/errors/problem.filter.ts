import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { toProblem } from '@hms/contracts';
import type { Logger } from '@hms/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toAppError } from './to-app-error.js';

/** Answers every failure of the HTTP side with problem+json; what is our fault is logged with its cause. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = toAppError(thrown);
    if (error.spec.status >= 500) {
      this.logger.error({ err: error, requestId: request.id, route: request.routeOptions.url }, 'request failed');
    }
    if (reply.sent) return;
    if (error.retryAfter !== undefined) void reply.header('retry-after', String(error.retryAfter));
    if (error.spec.status === 401) void reply.header('www-authenticate', 'Bearer');
    void reply
      .status(error.spec.status)
      .header('content-type', 'application/problem+json')
      .send(toProblem(error, request.id));
  }
}
