import {
  createParamDecorator,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { commonError } from '@hms/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { tap, type Observable } from 'rxjs';

const form = /^(?:W\/)?"(\d{1,9})"$/;

/** The version in `If-Match`. Missing → 428; anything but one of our tags → 412. */
export function parseIfMatch(header: string | undefined): number {
  if (header === undefined) throw commonError('precondition.required');
  const version = form.exec(header.trim())?.[1];
  if (version === undefined)
    throw commonError('precondition.failed', { detail: 'If-Match takes the ETag you were given' });
  return Number(version);
}

const documented: ParameterDecorator = (target, method) => {
  if (method === undefined) return;
  const handler = Object.getOwnPropertyDescriptor(target, method);
  if (handler)
    ApiHeader({ name: 'If-Match', required: true, description: 'The `ETag` that was read' })(target, method, handler);
};

/** The version the caller read, from `If-Match`. */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): number =>
    parseIfMatch(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
  [documented],
);

/** Any single resource that carries a `version` is answered with it as its `ETag`. */
@Injectable()
export class EtagInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      tap((body: unknown) => {
        if (typeof body === 'object' && body !== null && 'version' in body && typeof body.version === 'number') {
          void reply.header('etag', `"${body.version}"`);
        }
      }),
    );
  }
}
