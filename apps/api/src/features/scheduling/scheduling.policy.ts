import type { Identity } from '../../platform/access/actor.js';

/** Staff see and book everybody's appointments; whoever is no staff, their own. */
export const isStaff = ({ permissions }: Pick<Identity, 'permissions'>): boolean =>
  permissions.has('appointment:conduct');
