-- Up Migration

-- Tokens of invitations were answered to whoever invited before they went by mail alone, and which of those that are open
-- were cannot be told: all end, and the people are invited anew.
update public.invitation set revoked_at = now() where accepted_at is null and revoked_at is null;

-- The answers that were kept for repetitions hold those tokens, sealed.
delete from public.idempotency_key
 where operation in ('POST /api/v1/users/invitations', 'POST /api/v1/hospitals/:id/administrators');
