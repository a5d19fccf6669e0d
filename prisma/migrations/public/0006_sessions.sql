-- Up Migration

alter table public.session
  -- how long it may rest and live depends on where it is used
  add column kind text not null default 'web' check (kind in ('web', 'shared-terminal', 'device')),
  add column ip inet,
  -- what the user did last, within a minute
  add column last_seen_at timestamptz not null default now();

alter table public.session
  drop constraint session_revoke_reason_check,
  add constraint session_revoke_reason_check check (revoke_reason in (
    'logout', 'logout_all', 'token_reuse', 'switched', 'user_disabled', 'revoked', 'revoked_by_admin',
    'credentials_changed'));
