import { accessError } from './access.errors.js';
import type { AccessRule } from './access-rule.js';
import { isInHospital, type Identity } from './actor.js';

/**
 * The one decision every route and socket event goes through.
 * @throws `auth.forbidden` or `auth.no-hospital`
 */
export function authorize(identity: Identity, rule: AccessRule): void {
  if (rule.kind === 'public') return;
  if (!identity.permissions.has(rule.permission)) throw accessError('auth.forbidden');
  if (rule.scope === 'hospital' && !isInHospital(identity)) throw accessError('auth.no-hospital');
}
