import { applyDecorators, HttpCode, SetMetadata, type Type } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension, ApiResponse } from '@nestjs/swagger';
import type { Permission } from '@hms/contracts';
import { ProblemDto } from '../errors/problem.dto.js';
import { extendRouteConfig } from '../http/route-config.js';
import type { AccessRule, AccessScope } from './access-rule.js';

export const accessRuleKey = Symbol('hms:access');

const withRule = (rule: AccessRule): MethodDecorator =>
  applyDecorators(SetMetadata(accessRuleKey, rule), extendRouteConfig({ access: rule }));

const problem = (status: number, description: string): MethodDecorator =>
  ApiResponse({ status, description, type: ProblemDto });

/** Who may call this route or send this socket event. `scope: 'any'` also admits an actor outside every hospital. */
export const Access = (permission: Permission, scope: AccessScope = 'hospital'): MethodDecorator =>
  applyDecorators(
    withRule({ kind: 'permission', permission, scope }),
    ApiBearerAuth(),
    ApiExtension('x-permission', permission),
    ApiExtension('x-scope', scope),
    problem(401, 'No valid access token'),
    problem(403, `Needs the permission ${permission}`),
  );

/** Open to everybody, for the stated reason. */
export const Public = (why: string): MethodDecorator =>
  applyDecorators(withRule({ kind: 'public', why }), ApiExtension('x-public', why));

/** The success answer: its status and the shape of its body, if it has one. */
export const Returns = (status: number, body?: Type | [Type]): MethodDecorator =>
  applyDecorators(
    HttpCode(status),
    extendRouteConfig({ returns: status }),
    ApiResponse(
      Array.isArray(body)
        ? { status, type: body[0], isArray: true, description: 'Success' }
        : { status, description: 'Success', ...(body ? { type: body } : {}) },
    ),
  );
