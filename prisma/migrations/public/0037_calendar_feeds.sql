-- Up Migration

-- Addresses under which calendar programs read when a provider is busy. Whoever holds the address may, until it is revoked;
-- only its hash is kept.
create table public.calendar_feed (
  id           uuid primary key,
  hospital_id  uuid not null references public.hospital,
  -- In the hospital's schema.
  resource_id  uuid not null,
  token_hash   bytea not null unique check (length(token_hash) = 32),
  created_by   uuid not null,
  created_at   timestamptz not null default now(),
  revoked_at   timestamptz
);
create index calendar_feed_of_resource on public.calendar_feed (hospital_id, resource_id, id);
grant select, insert, update (revoked_at) on public.calendar_feed to hms_api;
