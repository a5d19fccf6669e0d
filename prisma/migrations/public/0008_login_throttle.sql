-- Up Migration

-- Failures in a row to prove who one is; strangers to an account share the counter of the empty device. Only success or
-- a reset begins it anew, never time.
create table public.login_throttle (
  purpose       text not null check (purpose in ('password', 'mfa', 'reset')),
  subject       bytea not null check (length(subject) = 32),
  device        bytea not null check (length(device) in (0, 32)),
  -- is there such an account?
  known         boolean not null,
  failures      int not null default 1 check (failures between 0 and 100),
  locked_until  timestamptz not null default '-infinity',
  failed_at     timestamptz not null default now(),
  primary key (purpose, subject, device)
);
create index login_throttle_unknown on public.login_throttle (failed_at) where not known;

-- Devices on which a user has signed in.
create table public.known_device (
  token_hash    bytea primary key check (length(token_hash) = 32),
  user_id       uuid not null references public.app_user,
  created_at    timestamptz not null default now(),
  last_used_at  timestamptz not null default now()
);
create index known_device_by_user on public.known_device (user_id, last_used_at);

-- Wrong passwords of the last half hour: 32 bits of a keyed hash tell equal ones, and no password.
create table public.login_failure (
  id           uuid primary key,
  failed_at    timestamptz not null default now(),
  subject      bytea not null check (length(subject) = 32),
  address      text not null,
  fingerprint  bytea not null check (length(fingerprint) = 4)
);
create index login_failure_by_time on public.login_failure (failed_at);

-- What is being tried on many accounts, and refused to strangers for a while.
create table public.login_spray (
  kind      text not null check (kind in ('password', 'address')),
  value     text not null,
  accounts  int not null,
  until     timestamptz not null,
  primary key (kind, value)
);

grant select, insert, update, delete on public.login_throttle, public.known_device, public.login_failure,
  public.login_spray to hms_api;
