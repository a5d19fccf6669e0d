import { accessError } from './access.errors.js';
import type { AccessRule } from './access-rule.js';
import { isInHospital, type Actor } from './actor.js';

/**
 * The one decision every route and socket event goes through.
 * @throws `auth.forbidden` or `auth.no-hospital`
 */
export function authorize(actor: Actor, rule: AccessRule): void {
  if (rule.kind === 'public') return;
  if (!actor.permissions.has(rule.permission)) throw accessError('auth.forbidden');
  if (rule.scope === 'hospital' && !isInHospital(actor)) throw accessError('auth.no-hospital');
}
