import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, of, tap, type Observable } from 'rxjs';
import { Replay } from './idempotency-keys.service.js';

/** Answers repetitions, and holds idempotent routes to what makes a repetition possible. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const http = context.switchToHttp();
    const claim = http.getRequest<FastifyRequest>().actor?.origin.idempotency;
    if (!claim) return next.handle();
    return next.handle().pipe(
      tap((result: unknown) => {
        if (!claim.answers(result)) throw new Error('an idempotent route must answer what its unit of work returned');
      }),
      catchError((thrown: unknown) => {
        if (!(thrown instanceof Replay)) throw thrown;
        claim.replayed = true;
        void http.getResponse<FastifyReply>().header('idempotency-replayed', 'true');
        return of(thrown.answer);
      }),
    );
  }
}
