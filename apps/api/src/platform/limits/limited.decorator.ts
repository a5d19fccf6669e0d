import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { extendRouteConfig } from '../http/route-config.js';
import type { RouteClass } from './quotas.js';

/** The class whose quotas this route counts against, where that of its method does not fit. */
export const Limited = (as: RouteClass): MethodDecorator =>
  applyDecorators(extendRouteConfig({ limit: { kind: 'limited', as } }), ApiExtension('x-limit', as));

/** May be called without limit, for the stated reason. */
export const Unlimited = (why: string): MethodDecorator => extendRouteConfig({ limit: { kind: 'unlimited', why } });
