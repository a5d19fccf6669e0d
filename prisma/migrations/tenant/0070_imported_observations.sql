-- Up Migration

-- What another system charted, brought by `hms import`: nobody of ours recorded it, and its import says where it is from.
alter table charted_observation
  alter column recorded_by drop not null,
  add column import_id text references telemetry_import,
  drop constraint charted_observation_method_check,
  add constraint charted_observation_method_check check (method in ('manual', 'imported')),
  add constraint charted_observation_recorded_by_check check ((method = 'manual') = (recorded_by is not null)),
  add constraint charted_observation_import_id_check check ((method = 'imported') = (import_id is not null));
-- Another import of the same values stores nothing twice.
create unique index charted_observation_imported on charted_observation (patient_id, code, recorded_at)
  where method = 'imported';

create or replace function protect_charted_observation() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if old.status <> 'final' or (new.id, new.patient_id, new.code, new.value, new.recorded_at, new.method, new.recorded_by, new.import_id, new.created_at)
     is distinct from (old.id, old.patient_id, old.code, old.value, old.recorded_at, old.method, old.recorded_by, old.import_id, old.created_at) then
    raise exception 'a charted observation is not rewritten' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

-- An import asks for no score, so that it raises no alarm; what is voided does, whoever charted it.
drop trigger ask_for_score on charted_observation;
create trigger ask_for_score after insert on charted_observation for each row
  when (new.method = 'manual') execute function ask_for_score();
create trigger ask_for_score_again after update on charted_observation for each row execute function ask_for_score();

-- Rows of a file that are nothing HMS keeps.
alter table telemetry_import_chunk
  add column left_out int not null default 0,
  drop constraint telemetry_import_chunk_check,
  add constraint telemetry_import_chunk_check check (accepted + duplicates + rejected + left_out = row_count);
