import { permissionsOf } from '@hms/contracts';
import { accessError } from './access.errors.js';
import type { AccessRule } from './access-rule.js';
import { isInHospital, type Identity } from './actor.js';
import { lacksSecondFactor } from '@hms/auth';

/**
 * The one decision every route and socket event goes through.
 * @throws `auth.forbidden`, `auth.second-factor-missing` or `auth.no-hospital`
 */
export function authorize(identity: Identity, rule: AccessRule): void {
  if (rule.kind === 'public') return;
  if (!identity.permissions.has(rule.permission)) {
    const withheld = lacksSecondFactor(identity) && permissionsOf(identity.roles).has(rule.permission);
    throw accessError(withheld ? 'auth.second-factor-missing' : 'auth.forbidden');
  }
  if (rule.scope === 'hospital' && !isInHospital(identity)) throw accessError('auth.no-hospital');
}
