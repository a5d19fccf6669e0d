import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import type { FastifyRequest } from 'fastify';
import { isInHospital, type Actor, type HospitalActor } from './actor.js';

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

/** The verified caller of a route of scope `any`. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => actorOf(context));

/** The verified caller, inside the hospital it acts in. */
export const CurrentHospitalActor = createParamDecorator((_: unknown, context: ExecutionContext): HospitalActor => {
  const actor = actorOf(context);
  if (!isInHospital(actor)) throw commonError('auth.forbidden');
  return actor;
});
