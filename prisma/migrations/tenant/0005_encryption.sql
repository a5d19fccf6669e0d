-- Up Migration

-- Values that were stored in the clear cannot be sealed here: the keys are not in the database. Better no migration
-- than a national id that is lost, or kept readable beside its sealed form.
do $$
declare
  present boolean;
begin
  execute format('select exists (select from %I.patient_identifier)', current_schema()) into present;
  if present then
    raise exception 'patient_identifier holds values in the clear; export and delete them, migrate, and enter them again';
  end if;
end $$;

-- What the history of deleted identifiers still says in the clear.
update change_history set changes = changes - 'value' where entity = 'patient_identifier' and changes ? 'value';

drop index patient_identifier_active;
alter table patient_identifier
  drop column value,
  add column value_sealed text not null check (value_sealed like 'v1.%'),
  add column value_index bytea not null check (length(value_index) = 32);
create unique index patient_identifier_active on patient_identifier (system, value_index) where ended_at is null;

-- What is sealed, and what it is looked up by, has no place in a history: it could not be sealed anew when keys change.
create or replace function record_change() returns trigger
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  before jsonb := case tg_op when 'INSERT' then '{}'::jsonb else to_jsonb(old) end;
  after  jsonb := to_jsonb(new);
  delta  jsonb;
  skip   constant text[] := array['version', 'created_at', 'created_by', 'updated_at', 'updated_by', 'search_name', 'phone_digits'];
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

-- Sealing a value anew under another key changes nothing of the identifier.
drop trigger advance_version on patient_identifier;
create trigger advance_version before update on patient_identifier for each row
  when (new.value_sealed = old.value_sealed) execute function public.advance_version();
drop trigger record_change on patient_identifier;
create trigger record_new after insert on patient_identifier for each row execute function record_change();
create trigger record_change after update on patient_identifier for each row
  when (new.value_sealed = old.value_sealed) execute function record_change();

-- An identifier is ended and a new one added: its value stands, so that the history can name it.
do $$ begin
  execute format('revoke update on patient_identifier from %I', current_schema());
  execute format('grant update (ended_at, updated_by) on patient_identifier to %I', current_schema());
end $$;
