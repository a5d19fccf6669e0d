-- Up Migration

-- Whoever looks after the patient now hears of what is open: an alarm goes with its patient to another ward.
create function move_open_alarms() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
  execute format('update %I.alarm set ward_id = $2
                   where patient_id = $1 and state <> ''resolved'' and ward_id <> $2', tg_table_schema)
    using new.patient_id, new.ward_id;
  return null;
end $$;
create trigger move_open_alarms after insert on device_assignment for each row
  when (new.valid @> now()) execute function move_open_alarms();
