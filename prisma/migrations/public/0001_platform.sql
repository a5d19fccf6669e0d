-- Up Migration

-- Prisma's adapter writes and reads every time as if the session kept UTC.
do $$ begin execute format('alter database %I set timezone to ''UTC''', current_database()); end $$;

create function public.is_timezone(zone text) returns boolean
  language sql stable strict set search_path = pg_catalog
  as $$ select exists (select from pg_timezone_names where name = zone) $$;

-- unaccent() is only STABLE because its dictionary can change; ours does not, and an index needs IMMUTABLE.
create function public.normalize_name(value text) returns text
  language sql immutable strict parallel safe
  as $$ select lower(public.unaccent('public.unaccent', value)) $$;

create table public.hospital (
  id          uuid primary key,
  slug        text not null unique check (slug ~ '^[a-z][a-z0-9_]{1,40}$'),
  name        text not null check (length(name) between 1 and 200),
  country     char(2) not null check (country ~ '^[A-Z]{2}$'),
  currency    char(3) not null check (currency ~ '^[A-Z]{3}$'),
  timezone    text not null check (public.is_timezone(timezone)),
  status      text not null default 'provisioning' check (status in ('provisioning', 'active', 'suspended')),
  version     int not null default 1,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

create table public.app_user (
  id             uuid primary key,
  email          citext not null unique check (length(email) between 3 and 254),
  display_name   text not null check (length(display_name) between 1 and 200),
  password_hash  text,
  platform_role  text check (platform_role in ('super_admin')),
  status         text not null default 'active' check (status in ('invited', 'active', 'disabled')),
  version        int not null default 1,
  last_login_at  timestamptz,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now()
);

create table public.membership (
  id           uuid primary key,
  user_id      uuid not null references public.app_user,
  hospital_id  uuid not null references public.hospital,
  role         text not null check (role in ('hospital_admin', 'doctor', 'nurse', 'pharmacist', 'lab_staff',
                                             'receptionist', 'billing_clerk', 'patient')),
  -- empty: the whole hospital; otherwise only these wards
  ward_ids     uuid[] not null default '{}',
  patient_id   uuid,
  created_by   uuid,
  created_at   timestamptz not null default now(),
  -- null: invited, and of no effect until the person accepts
  accepted_at  timestamptz default now(),
  -- disabled can be undone, revoked cannot
  disabled_at  timestamptz,
  revoked_at   timestamptz,
  check ((role = 'patient') = (patient_id is not null))
);
create unique index membership_active_role on public.membership (user_id, hospital_id, role) where revoked_at is null;
create index membership_by_hospital on public.membership (hospital_id, user_id) where revoked_at is null;

create table public.invitation (
  token_hash   bytea primary key,
  user_id      uuid not null references public.app_user,
  hospital_id  uuid not null references public.hospital,
  created_by   uuid not null,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null,
  accepted_at  timestamptz
);

create table public.session (
  id             uuid primary key,
  user_id        uuid not null references public.app_user,
  hospital_id    uuid references public.hospital,
  user_agent     text,
  created_at     timestamptz not null default now(),
  expires_at     timestamptz not null,
  revoked_at     timestamptz,
  revoke_reason  text check (revoke_reason in ('logout', 'logout_all', 'token_reuse', 'switched', 'user_disabled')),
  check ((revoked_at is null) = (revoke_reason is null))
);
create index session_by_user on public.session (user_id) where revoked_at is null;

create table public.refresh_token (
  token_hash  bytea primary key,
  session_id  uuid not null references public.session,
  created_at  timestamptz not null default now(),
  rotated_at  timestamptz,
  successor   bytea unique references public.refresh_token deferrable initially deferred,
  check ((rotated_at is null) = (successor is null))
);
create index refresh_token_by_session on public.refresh_token (session_id);

create table public.gateway (
  id           uuid primary key,
  hospital_id  uuid not null references public.hospital,
  name         text not null check (length(name) between 1 and 100),
  status       text not null default 'active' check (status in ('active', 'disabled')),
  version      int not null default 1,
  created_by   uuid,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique (hospital_id, id),
  unique (hospital_id, name)
);

create table public.gateway_key (
  key_id       text primary key check (key_id ~ '^[a-z0-9]{12}$'),
  hospital_id  uuid not null,
  gateway_id   uuid not null,
  secret_hash  bytea not null unique check (length(secret_hash) = 32),
  created_by   uuid,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  foreign key (hospital_id, gateway_id) references public.gateway (hospital_id, id)
);
create index gateway_key_by_gateway on public.gateway_key (gateway_id);

-- What ingest caches (keys, devices, assignments) is valid while its hospital's epoch stands still.
create table public.ingest_epoch (
  hospital_id  uuid primary key references public.hospital,
  epoch        bigint not null default 1
);
create sequence public.ingest_writer as smallint cycle;

create function public.advance_ingest_epoch(hospital uuid) returns void
  language sql security definer set search_path = pg_catalog
  as $$ insert into public.ingest_epoch as e (hospital_id) values (hospital)
        on conflict (hospital_id) do update set epoch = e.epoch + 1 $$;
revoke all on function public.advance_ingest_epoch(uuid) from public;

create function public.advance_ingest_epoch_of_row() returns trigger
  language plpgsql security definer set search_path = pg_catalog
  as $$ begin perform public.advance_ingest_epoch(new.hospital_id); return null; end $$;

create function public.advance_ingest_epoch_of_hospital() returns trigger
  language plpgsql security definer set search_path = pg_catalog
  as $$ begin perform public.advance_ingest_epoch(new.id); return null; end $$;

-- For tables of a hospital's own schema, which is named after its slug.
create function public.advance_ingest_epoch_of_schema() returns trigger
  language plpgsql security definer set search_path = pg_catalog
  as $$ begin
    perform public.advance_ingest_epoch(h.id) from public.hospital h where 'hospital_' || h.slug = tg_table_schema;
    return null;
  end $$;

create trigger advance_ingest_epoch after insert or update on public.hospital
  for each row execute function public.advance_ingest_epoch_of_hospital();
create trigger advance_ingest_epoch after insert or update on public.gateway
  for each row execute function public.advance_ingest_epoch_of_row();
create trigger advance_ingest_epoch after insert or update on public.gateway_key
  for each row execute function public.advance_ingest_epoch_of_row();

create function public.advance_version() returns trigger
  language plpgsql set search_path = pg_catalog
  as $$ begin new.version := old.version + 1; new.updated_at := now(); return new; end $$;

create trigger advance_version before update on public.hospital for each row execute function public.advance_version();
create trigger advance_version before update on public.app_user for each row execute function public.advance_version();
create trigger advance_version before update on public.gateway for each row execute function public.advance_version();

revoke create on schema public from public;
grant usage on schema public to hms_api, hms_ingest;
grant select, insert, update on public.app_user, public.membership, public.invitation, public.session,
  public.refresh_token, public.gateway, public.gateway_key to hms_api;
grant select, update on public.hospital to hms_api;
grant select on public.hospital, public.gateway, public.gateway_key, public.ingest_epoch to hms_ingest;
grant usage on sequence public.ingest_writer to hms_ingest;
