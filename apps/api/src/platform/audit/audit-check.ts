import { unauditedPermissions } from '@hms/contracts';
import type { RouteCheck } from '../access/route-inventory.js';

/** Whatever shows a patient, or changes who may do what, says what it leaves in the audit. */
export const declaresAudit: RouteCheck = ({ access, audit }) => {
  if (audit || access?.kind !== 'permission' || unauditedPermissions.has(access.permission)) return undefined;
  return '@Audited or @NotAudited';
};
