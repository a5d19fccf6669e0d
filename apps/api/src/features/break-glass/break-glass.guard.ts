import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isInHospital } from '../../platform/access/actor.js';
import { isUuid } from '../../platform/http/uuid.pipe.js';
import { BreakGlassService } from './break-glass.service.js';

/** Everything about one patient has this beginning; the route Fastify matched decides, not the text of the URL. */
const ofOnePatient = /^\/api\/v1\/patients\/:id(?:\/|$)/;

/**
 * Tells a request about one patient by which grant it reaches them, before it is handled: handlers then open what wards
 * would close, and the audit flags what was done. It refuses nothing.
 */
@Injectable()
export class BreakGlassGuard implements CanActivate {
  constructor(private readonly breakGlass: BreakGlassService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { actor } = request;
    if (!actor || !isInHospital(actor) || !ofOnePatient.test(request.routeOptions.url ?? '')) return true;
    const patientId = actor.origin.params['id']?.toLowerCase();
    if (patientId === undefined || !isUuid(patientId)) return true;
    const id = await this.breakGlass.runningFor(actor, patientId);
    if (id !== undefined) request.actor = { ...actor, breakGlass: { id, patientId } };
    return true;
  }
}
