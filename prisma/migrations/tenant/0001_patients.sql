-- Up Migration

create table counter (
  name   text primary key,
  value  bigint not null default 0
);
insert into counter (name) values ('mrn');

create table ward (
  id          uuid primary key,
  code        text not null unique check (code ~ '^[A-Z0-9-]{1,16}$'),
  name        text not null check (length(name) between 1 and 100),
  active      boolean not null default true,
  version     int not null default 1,
  created_by  uuid,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

create table bed (
  id          uuid primary key,
  ward_id     uuid not null references ward,
  label       text not null check (length(label) between 1 and 16),
  active      boolean not null default true,
  created_at  timestamptz not null default now(),
  unique (ward_id, label),
  unique (ward_id, id)
);

create table patient (
  id                     uuid primary key,
  mrn                    text not null unique,
  family_name            text not null check (length(family_name) between 1 and 100),
  given_name             text not null check (length(given_name) between 1 and 100),
  birth_date             date check (birth_date >= date '1850-01-01'),
  birth_date_precision   text not null default 'day' check (birth_date_precision in ('year', 'month', 'day')),
  sex_for_clinical_use   text not null default 'unknown'
                         check (sex_for_clinical_use in ('female', 'male', 'specified', 'unknown')),
  gender                 text check (gender in ('male', 'female', 'other', 'unknown')),
  blood_group            text check (blood_group in ('A+', 'A-', 'B+', 'B-', 'AB+', 'AB-', 'O+', 'O-')),
  phone                  text check (phone ~ '^\+?[0-9 ().-]{4,30}$'),
  email                  citext check (length(email) between 3 and 254),
  address                jsonb,
  preferred_language     text check (preferred_language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
  deceased_at            timestamptz,
  -- 'not-asked' is not 'none-known': missing data must never read as safe
  allergy_status         text not null default 'not-asked' check (allergy_status in ('not-asked', 'none-known', 'recorded')),
  version                int not null default 1,
  created_by             uuid not null,
  created_at             timestamptz not null default now(),
  updated_by             uuid not null,
  updated_at             timestamptz not null default now(),
  deleted_at             timestamptz,
  deleted_reason         text,
  search_name            text generated always as (public.normalize_name(given_name || ' ' || family_name)) stored,
  phone_digits           text generated always as (regexp_replace(phone, '\D', '', 'g')) stored,
  check ((deleted_at is null) = (deleted_reason is null))
);
create index patient_search_name on patient using gin (search_name public.gin_trgm_ops);
create index patient_phone on patient using gin (phone_digits public.gin_trgm_ops);
create index patient_birth_date on patient (birth_date, id);
create index patient_by_name on patient (family_name, given_name, id) where deleted_at is null;

create table patient_identifier (
  id          uuid primary key,
  patient_id  uuid not null references patient,
  system      text not null check (length(system) between 1 and 200),
  value       text not null check (length(value) between 1 and 100),
  version     int not null default 1,
  created_by  uuid not null,
  created_at  timestamptz not null default now(),
  updated_by  uuid not null,
  updated_at  timestamptz not null default now(),
  ended_at    timestamptz
);
create unique index patient_identifier_active on patient_identifier (system, value) where ended_at is null;
create index patient_identifier_by_patient on patient_identifier (patient_id);

create table allergy (
  id                   uuid primary key,
  patient_id           uuid not null references patient,
  substance            text not null check (length(substance) between 1 and 200),
  code_system          text,
  code                 text,
  type                 text not null default 'allergy' check (type in ('allergy', 'intolerance')),
  category             text not null check (category in ('medication', 'food', 'environment', 'biologic')),
  criticality          text not null default 'unable-to-assess' check (criticality in ('low', 'high', 'unable-to-assess')),
  reactions            text[] not null default '{}',
  severity             text check (severity in ('mild', 'moderate', 'severe')),
  verification_status  text not null default 'unconfirmed'
                       check (verification_status in ('unconfirmed', 'confirmed', 'refuted', 'entered-in-error')),
  clinical_status      text not null default 'active' check (clinical_status in ('active', 'inactive', 'resolved')),
  status_reason        text,
  onset_date           date,
  version              int not null default 1,
  created_by           uuid not null,
  created_at           timestamptz not null default now(),
  updated_by           uuid not null,
  updated_at           timestamptz not null default now(),
  check ((code is null) = (code_system is null)),
  check (verification_status <> 'entered-in-error' or status_reason is not null)
);
create index allergy_by_patient on allergy (patient_id);
create unique index allergy_active_substance on allergy (patient_id, lower(substance))
  where clinical_status = 'active' and verification_status not in ('refuted', 'entered-in-error');

-- The allergy list and the patient's allergy status can never contradict each other.
create function guard_allergy_status() returns trigger language plpgsql as $$
declare
  active boolean;
begin
  execute format('select exists (select from %I.allergy where patient_id = $1 and clinical_status = ''active''
                    and verification_status not in (''refuted'', ''entered-in-error''))', tg_table_schema)
    into active using new.id;
  if active and new.allergy_status <> 'recorded' then
    raise exception 'patient % has active allergies', new.id
      using errcode = 'check_violation', constraint = 'patient_allergy_status';
  end if;
  return new;
end $$;
create trigger guard_allergy_status before update of allergy_status on patient
  for each row execute function guard_allergy_status();

create function mark_allergies_recorded() returns trigger language plpgsql as $$
begin
  -- Locked even when it stays as it is: while this allergy is uncommitted, nobody may find the patient without one.
  execute format('select from %I.patient where id = $1 for no key update', tg_table_schema) using new.patient_id;
  execute format('update %I.patient set allergy_status = ''recorded'', updated_by = $2
                   where id = $1 and allergy_status <> ''recorded''', tg_table_schema)
    using new.patient_id, new.updated_by;
  return null;
end $$;
create trigger mark_allergies_recorded after insert or update on allergy for each row
  when (new.clinical_status = 'active' and new.verification_status not in ('refuted', 'entered-in-error'))
  execute function mark_allergies_recorded();

create table change_history (
  id          bigint generated always as identity primary key,
  entity      text not null,
  entity_id   uuid not null,
  patient_id  uuid not null,
  version     int not null,
  action      text not null check (action in ('create', 'update', 'delete')),
  actor_id    uuid not null,
  at          timestamptz not null default now(),
  -- {"column": {"from": …, "to": …}} for each column that changed
  changes     jsonb not null
);
create index change_history_by_patient on change_history (patient_id, id desc);

create function record_change() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
  before jsonb := case tg_op when 'INSERT' then '{}'::jsonb else to_jsonb(old) end;
  after  jsonb := to_jsonb(new);
  delta  jsonb;
  skip   constant text[] := array['version', 'created_at', 'created_by', 'updated_at', 'updated_by', 'search_name', 'phone_digits'];
begin
  select coalesce(jsonb_object_agg(a.key, jsonb_build_object('from', before -> a.key, 'to', a.value)), '{}')
    into delta from jsonb_each(after) a
   where a.key <> all (skip) and a.value is distinct from coalesce(before -> a.key, 'null'::jsonb);
  execute format('insert into %I.change_history (entity, entity_id, patient_id, version, action, actor_id, changes)
                  values ($1, $2, $3, $4, $5, $6, $7)', tg_table_schema)
    using tg_table_name, (after ->> 'id')::uuid, coalesce(after ->> 'patient_id', after ->> 'id')::uuid,
          (after ->> 'version')::int,
          case when tg_op = 'INSERT' then 'create'
               when before ->> 'deleted_at' is null and after ->> 'deleted_at' is not null then 'delete'
               else 'update' end,
          (after ->> 'updated_by')::uuid, delta;
  return null;
end $$;

create trigger advance_version before update on ward for each row execute function public.advance_version();
create trigger advance_version before update on patient for each row execute function public.advance_version();
create trigger advance_version before update on patient_identifier
  for each row execute function public.advance_version();
create trigger advance_version before update on allergy for each row execute function public.advance_version();
create trigger record_change after insert or update on patient for each row execute function record_change();
create trigger record_change after insert or update on patient_identifier
  for each row execute function record_change();
create trigger record_change after insert or update on allergy for each row execute function record_change();

do $$ begin
  execute format('grant usage on schema %1$I to %1$I, hms_ingest', current_schema());
  execute format('grant select, update on counter to %I', current_schema());
  execute format('grant select, insert, update on ward, bed, patient, patient_identifier, allergy to %I', current_schema());
  execute format('grant select on change_history to %I', current_schema());
end $$;
