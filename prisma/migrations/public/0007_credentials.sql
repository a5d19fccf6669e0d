-- Up Migration

-- How the holder of a session proved who they are (RFC 8176 names where it has one).
alter table public.session
  add column amr text[] not null default '{pwd}' check (amr <@ '{pwd,otp,recovery,fed}' and cardinality(amr) > 0),
  -- when a second factor was verified; null: never in this session
  add column mfa_at timestamptz,
  add check ((mfa_at is not null) = (amr && '{otp,recovery}'));

-- At most one authenticator a user. It counts once its first code confirmed it.
create table public.totp_factor (
  user_id        uuid primary key references public.app_user,
  secret_sealed  text not null,
  created_at     timestamptz not null default now(),
  confirmed_at   timestamptz,
  -- newest 30-second step whose code was used: it only ever grows, so that no code is taken twice
  last_step      bigint not null default 0
);

create table public.recovery_code (
  user_id     uuid not null references public.app_user,
  code_hash   bytea not null check (length(code_hash) = 32),
  created_at  timestamptz not null default now(),
  used_at     timestamptz,
  primary key (user_id, code_hash)
);

-- A password was right; the second factor is still to come.
create table public.mfa_challenge (
  token_hash    bytea primary key check (length(token_hash) = 32),
  user_id       uuid not null references public.app_user,
  hospital_id   uuid references public.hospital,
  session_kind  text not null,
  amr           text not null check (amr in ('pwd', 'fed')),
  tries         int not null default 0 check (tries between 0 and 5),
  created_at    timestamptz not null default now(),
  expires_at    timestamptz not null,
  spent_at      timestamptz
);
create index mfa_challenge_by_user on public.mfa_challenge (user_id);

-- Somebody asked for a new password. The API writes the address as it was given; the worker finds out whose it is, so
-- that asking takes equally long for addresses nobody has.
create table public.password_reset (
  id          uuid primary key,
  email       citext not null check (length(email) <= 254),
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  user_id     uuid references public.app_user,
  token_hash  bytea unique check (length(token_hash) = 32),
  used_at     timestamptz,
  check ((user_id is null) = (token_hash is null)),
  check (used_at is null or user_id is not null)
);
create index password_reset_by_user on public.password_reset (user_id) where used_at is null;
create index password_reset_by_age on public.password_reset (expires_at);

-- What the token of an invitation is derived from.
alter table public.invitation add column id uuid not null unique default gen_random_uuid();

grant select, insert, update, delete on public.totp_factor, public.recovery_code, public.mfa_challenge,
  public.password_reset to hms_api;
