import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import type { FastifyRequest } from 'fastify';
import { isInHospital, type Actor, type HospitalActor } from './actor.js';
import { originOf, type RequestOrigin } from './request-origin.js';

declare module 'fastify' {
  interface FastifyRequest {
    actor?: Actor;
  }
}

function actorOf(context: ExecutionContext): Actor {
  const { actor } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!actor) throw commonError('auth.unauthenticated');
  return actor;
}

/** Where a request comes from, on routes nobody is signed in to yet. */
export const Origin = createParamDecorator((_: unknown, context: ExecutionContext): RequestOrigin =>
  originOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** The verified caller of a route of scope `any`. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => actorOf(context));

/** The verified caller, inside the hospital it acts in. */
export const CurrentHospitalActor = createParamDecorator((_: unknown, context: ExecutionContext): HospitalActor => {
  const actor = actorOf(context);
  if (!isInHospital(actor)) throw commonError('auth.forbidden');
  return actor;
});
