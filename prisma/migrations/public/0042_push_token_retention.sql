-- Up Migration

-- Tokens that nobody uses any more are removed after a while.
grant delete on public.push_token to hms_api;
create index push_token_gone on public.push_token (deactivated_at) where deactivated_at is not null;
