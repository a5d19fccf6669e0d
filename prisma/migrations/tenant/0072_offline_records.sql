-- Up Migration

-- What phones and tablets hold offline (sync/0001_change_feed) and what they could not settle by themselves.

-- The ward a patient lies on now. It belongs to a unique index for one purpose: moving a patient then locks the row
-- against those who write a row of theirs meanwhile (for key share), so that no row is logged under the ward before.
alter table patient
  add column ward_id uuid references ward,
  -- {"column": version}: in which version of the row a field last changed.
  add column field_versions jsonb not null default '{}';
create unique index patient_by_ward on patient (id, ward_id);
create index patient_on_ward on patient (ward_id, id) where ward_id is not null and deleted_at is null;

create function stamp_fields() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  before jsonb := to_jsonb(old);
  stamps jsonb;
begin
  select jsonb_object_agg(a.key, new.version) into stamps from jsonb_each(to_jsonb(new)) a
   where a.key not in ('version', 'updated_at', 'updated_by', 'search_name', 'phone_digits', 'field_versions')
     and a.value is distinct from before -> a.key;
  if stamps is not null then new.field_versions := old.field_versions || stamps; end if;
  return new;
end $$;
-- After advance_version, by its name.
create trigger stamp_fields before update on patient for each row execute function stamp_fields();

alter table allergy add column field_versions jsonb not null default '{}';
create trigger stamp_fields before update on allergy for each row execute function stamp_fields();

create or replace function record_change() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  before jsonb := case tg_op when 'INSERT' then '{}'::jsonb else to_jsonb(old) end;
  after  jsonb := to_jsonb(new);
  delta  jsonb;
  skip   constant text[] := array['version', 'created_at', 'created_by', 'updated_at', 'updated_by', 'search_name',
                                  'phone_digits', 'field_versions'];
begin
  select coalesce(jsonb_object_agg(a.key, jsonb_build_object('from', before -> a.key, 'to', a.value)), '{}')
    into delta from jsonb_each(after) a
   where a.key <> all (skip) and a.key !~ '_(sealed|index)$'
     and a.value is distinct from coalesce(before -> a.key, 'null'::jsonb);
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

-- The problem list: FHIR R4 Condition, category problem-list-item.
create table condition (
  id                   uuid primary key,
  patient_id           uuid not null references patient,
  display              text not null check (length(display) between 1 and 200),
  code_system          text check (length(code_system) between 1 and 200),
  code                 text check (length(code) between 1 and 64),
  clinical_status      text not null default 'active'
                       check (clinical_status in ('active', 'recurrence', 'relapse', 'inactive', 'remission', 'resolved')),
  verification_status  text not null default 'confirmed'
                       check (verification_status in ('unconfirmed', 'provisional', 'differential', 'confirmed', 'refuted', 'entered-in-error')),
  severity             text check (severity in ('mild', 'moderate', 'severe')),
  onset_date           date,
  abatement_date       date,
  status_reason        text check (length(status_reason) between 1 and 500),
  field_versions       jsonb not null default '{}',
  version              int not null default 1,
  created_by           uuid not null,
  created_at           timestamptz not null default now(),
  updated_by           uuid not null,
  updated_at           timestamptz not null default now(),
  check ((code is null) = (code_system is null)),
  check (abatement_date >= onset_date),
  check (verification_status <> 'entered-in-error' or status_reason is not null)
);
create index condition_by_patient on condition (patient_id);
create unique index condition_active on condition (patient_id, lower(display))
  where clinical_status in ('active', 'recurrence', 'relapse') and verification_status not in ('refuted', 'entered-in-error');
create trigger advance_version before update on condition for each row execute function public.advance_version();
create trigger stamp_fields before update on condition for each row execute function stamp_fields();
create trigger record_change after insert or update on condition for each row execute function record_change();

-- What is written about a patient. A text never changes: a revision follows the text it corrects, two revisions of one
-- text stand side by side, and what is signed is only added to.
create table note (
  id             uuid primary key,
  patient_id     uuid not null references patient,
  parent_id      uuid,
  relation       text not null default 'original' check (relation in ('original', 'revision', 'addendum')),
  kind           text not null check (kind in ('progress', 'nursing', 'handover', 'consultation', 'procedure', 'discharge', 'other')),
  text           text not null check (length(text) between 1 and 20000),
  -- When it was written, by the writer's clock as far as that was known to be right.
  recorded_at    timestamptz not null,
  clock_suspect  boolean not null default false,
  signed_at      timestamptz,
  signed_by      uuid,
  status         text not null default 'current' check (status in ('current', 'entered-in-error')),
  status_reason  text check (length(status_reason) between 3 and 500),
  version        int not null default 1,
  created_by     uuid not null,
  created_at     timestamptz not null default now(),
  updated_by     uuid not null,
  updated_at     timestamptz not null default now(),
  unique (patient_id, id),
  foreign key (patient_id, parent_id) references note (patient_id, id),
  check ((relation = 'original') = (parent_id is null)),
  check ((signed_at is null) = (signed_by is null)),
  check ((status = 'entered-in-error') = (status_reason is not null))
);
create index note_by_patient on note (patient_id, recorded_at desc, id desc);
create index note_by_parent on note (parent_id) where parent_id is not null;

create function guard_note() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  signed boolean;
begin
  if tg_op = 'INSERT' then
    if new.parent_id is null then return new; end if;
    execute format('select signed_at is not null from %I.note where id = $1 for update', tg_table_schema)
      into signed using new.parent_id;
    if signed and new.relation = 'revision' then
      raise exception 'a signed note is not revised' using errcode = 'check_violation', constraint = 'note_signed';
    elsif not signed and new.relation = 'addendum' then
      raise exception 'a note is added to once it is signed' using errcode = 'check_violation', constraint = 'note_unsigned';
    end if;
  elsif (new.id, new.patient_id, new.parent_id, new.relation, new.kind, new.text, new.recorded_at, new.clock_suspect, new.created_by, new.created_at)
        is distinct from (old.id, old.patient_id, old.parent_id, old.relation, old.kind, old.text, old.recorded_at, old.clock_suspect, old.created_by, old.created_at)
        or (old.signed_at is not null and (new.signed_at, new.signed_by) is distinct from (old.signed_at, old.signed_by))
        or (old.status = 'entered-in-error' and (new.status, new.status_reason) is distinct from (old.status, old.status_reason)) then
    raise exception 'a note is not rewritten' using errcode = 'check_violation', constraint = 'note_rewritten';
  end if;
  return new;
end $$;
create trigger guard_note before insert or update on note for each row execute function guard_note();
create trigger advance_version before update on note for each row execute function public.advance_version();
create trigger record_change after insert or update on note for each row execute function record_change();

-- A device charts by its own clock.
alter table charted_observation
  add column version int not null default 1,
  add column clock_suspect boolean not null default false;
create function advance_row_version() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
  as $$ begin new.version := old.version + 1; return new; end $$;
create trigger advance_version before update on charted_observation for each row execute function advance_row_version();

-- Changes of a device that a person has to look at. `merged`: the rest of the change took effect; `conflict`: none of it.
create table sync_conflict (
  id            uuid primary key,
  op_id         uuid not null unique,
  device_id     uuid not null,
  user_id       uuid not null,
  entity        text not null,
  row_id        uuid not null,
  patient_id    uuid not null,
  kind          text not null check (kind in ('merged', 'conflict')),
  code          text,
  base_version  int,
  row_version   int not null,
  -- [{"field", "yours", "theirs"}]
  fields        jsonb not null,
  -- The change, whole.
  op            jsonb not null,
  client_at     timestamptz not null,
  skew_ms       bigint not null default 0,
  created_at    timestamptz not null default now(),
  resolution    text check (resolution in ('mine', 'theirs')),
  resolved_at   timestamptz,
  resolved_by   uuid,
  version       int not null default 1,
  updated_at    timestamptz not null default now(),
  check ((resolution is null) = (resolved_at is null) and (resolution is null) = (resolved_by is null))
);
create index sync_conflict_open on sync_conflict (created_at, id) where resolution is null;
create index sync_conflict_of_user on sync_conflict (user_id, id) where resolution is null;
create index sync_conflict_of_patient on sync_conflict (patient_id, id);
create trigger advance_version before update on sync_conflict for each row execute function public.advance_version();

-- Changes that were refused for good, whole, so that nothing a person recorded is thrown away unseen.
create table sync_quarantine (
  id           uuid primary key,
  op_id        uuid not null unique,
  device_id    uuid not null,
  user_id      uuid not null,
  seq          bigint not null,
  entity       text not null,
  row_id       uuid,
  patient_id   uuid,
  code         text not null,
  reason       text not null,
  op           jsonb not null,
  created_at   timestamptz not null default now(),
  outcome      text check (outcome in ('discarded', 'reissued')),
  outcome_note text check (length(outcome_note) between 3 and 500),
  reviewed_at  timestamptz,
  reviewed_by  uuid,
  version      int not null default 1,
  updated_at   timestamptz not null default now(),
  check ((outcome is null) = (reviewed_at is null) and (outcome is null) = (reviewed_by is null))
);
create index sync_quarantine_open on sync_quarantine (created_at, id) where outcome is null;
create index sync_quarantine_of_user on sync_quarantine (user_id, id);
create trigger advance_version before update on sync_quarantine for each row execute function public.advance_version();

do $$ declare
  entity text;
begin
  execute format('grant select, insert, update on condition, note to %I', current_schema());
  execute format('grant select on sync_conflict, sync_quarantine to %I', current_schema());
  execute format('grant update (resolution, resolved_at, resolved_by) on sync_conflict to %I', current_schema());
  execute format('grant update (outcome, outcome_note, reviewed_at, reviewed_by) on sync_quarantine to %I', current_schema());
  grant select, insert, update on patient, allergy, condition, note to hms_ingest;
  grant insert, update (status, void_reason, voided_by, voided_at) on charted_observation to hms_ingest;
  grant select, insert on sync_conflict, sync_quarantine to hms_ingest;
  grant select, update on counter to hms_ingest;
  grant select (patient_id, user_id, expires_at, closed_at) on break_glass to hms_ingest;
  for entity in select name from sync.entity order by no loop
    perform sync.track(current_schema()::text, entity);
  end loop;
end $$;
