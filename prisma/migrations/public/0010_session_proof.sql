-- Up Migration

-- When the user last proved who they are, which renewing or moving a session does not.
alter table public.session add column proved_at timestamptz not null default now();
update public.session set proved_at = created_at;
