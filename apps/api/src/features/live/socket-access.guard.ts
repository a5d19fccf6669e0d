import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { accessRuleKey } from '../../platform/access/access.decorator.js';
import { accessError } from '../../platform/access/access.errors.js';
import type { AccessRule } from '../../platform/access/access-rule.js';
import { authorize } from '../../platform/access/authorize.policy.js';
import type { LiveSocket } from './live-socket.js';

/** Decides on every socket event; one without a rule is refused to everybody. HTTP is decided before, in the hook. */
@Injectable()
export class SocketAccessGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'ws') return true;
    const rule = Reflect.getMetadata(accessRuleKey, context.getHandler()) as AccessRule | undefined;
    if (!rule) throw accessError('auth.forbidden');
    authorize(context.switchToWs().getClient<LiveSocket>().data.actor, rule);
    return true;
  }
}
