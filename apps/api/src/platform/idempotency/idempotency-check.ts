import type { RouteCheck } from '../access/route-inventory.js';

/** Whoever creates something may lose the answer and send the request again. */
export const declaresIdempotency: RouteCheck = ({ access, returns, idempotent }, method) => {
  const creates = method === 'POST' && returns === 201 && access?.kind === 'permission';
  return creates && idempotent === undefined ? '@Idempotent or @NotIdempotent' : undefined;
};
