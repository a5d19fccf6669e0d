-- Up Migration

-- Appointments are held offline, too. Which tables there are depends on how far a hospital's schema has come.
insert into sync.entity values (6, 'appointments', 'appointment', 'patient_id', null);

/*
 * Makes the triggers that log a table's changes. Rows keep their ids for ever. A row that concerns a patient is logged
 * under the keys the patient has when the change commits: whoever writes such a row holds the patient, and whoever moves
 * the patient to another ward waits for them (patient_by_ward), and then logs all of the patient's rows. A table that is
 * not there yet, in a hospital that is just being made, is tracked by the migration that makes it.
 */
create or replace function sync.track(schema_name text, entity_name text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  e sync.entity;
  hospital uuid;
  own_patient boolean;
  deleted text; hold text; fan_out text := '';
  child sync.entity;
begin
  select * into strict e from sync.entity where name = entity_name;
  if to_regclass(format('%I.%I', schema_name, e.table_name)) is null then return; end if;
  select id into strict hospital from public.hospital where 'hospital_' || slug = schema_name;
  own_patient := e.table_name = 'patient';
  deleted := case when e.deleted_column is null then 'false' else format('n.%I is not null', e.deleted_column) end;
  hold := case when own_patient then '' else format(
    'perform from %I.patient p where p.id in (select n.%I from new_rows n) order by p.id for key share;',
    schema_name, e.patient_column) end;
  if own_patient then
    for child in select * from sync.entity where table_name <> 'patient'
                    and to_regclass(format('%I.%I', schema_name, table_name)) is not null order by no loop
      fan_out := fan_out || format(
        $sql$ insert into sync.change_log (hospital_id, entity, row_id, version, op, keys, keys_before)
              select %L, %s, c.id, c.version, 'U', sync.keys_of(n.id, n.ward_id), sync.keys_of(n.id, o.ward_id)
                from new_rows n join old_rows o using (id) join %I.%I c on c.%I = n.id
               where o.ward_id is distinct from n.ward_id or (o.deleted_at is null) <> (n.deleted_at is null)
               order by c.id; $sql$, hospital, child.no, schema_name, child.table_name, child.patient_column);
    end loop;
  end if;

  execute format($sql$
    create or replace function %1$I.log_new_%2$s() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
      %3$s
      insert into sync.change_log (hospital_id, entity, row_id, version, op, keys)
      select %4$L, %5$s, n.id, n.version, 'U', sync.keys_of(p.id, p.ward_id)
        from new_rows n join %1$I.patient p on p.id = n.%6$I order by n.id;
      return null;
    end $body$;
    create or replace function %1$I.log_changed_%2$s() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
      if exists (select from old_rows o left join new_rows n using (id) where n.id is null) then
        raise exception 'the id of a row that devices hold does not change' using errcode = 'restrict_violation';
      end if;
      %3$s
      insert into sync.change_log (hospital_id, entity, row_id, version, op, keys, keys_before)
      select %4$L, %5$s, n.id, n.version, case when %7$s then 'D' else 'U' end::"char",
             sync.keys_of(p.id, p.ward_id), %8$s
        from new_rows n join old_rows o using (id) join %1$I.patient p on p.id = n.%6$I order by n.id;
      %9$s
      return null;
    end $body$;
    create or replace function %1$I.log_gone_%2$s() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
      insert into sync.change_log (hospital_id, entity, row_id, version, op, keys_before)
      select %4$L, %5$s, o.id, o.version + 1, 'D', sync.keys_of(o.%6$I, %10$s)
        from old_rows o %11$s order by o.id;
      return null;
    end $body$;
    revoke all on function %1$I.log_new_%2$s(), %1$I.log_changed_%2$s(), %1$I.log_gone_%2$s() from public;
    create or replace trigger z_log_new after insert on %1$I.%2$I referencing new table as new_rows
      for each statement execute function %1$I.log_new_%2$s();
    create or replace trigger z_log_changed after update on %1$I.%2$I referencing new table as new_rows old table as old_rows
      for each statement execute function %1$I.log_changed_%2$s();
    create or replace trigger z_log_gone after delete on %1$I.%2$I referencing old table as old_rows
      for each statement execute function %1$I.log_gone_%2$s();
    create or replace trigger z_keep_logged before truncate on %1$I.%2$I
      for each statement execute function public.refuse_change();
    $sql$,
    schema_name, e.table_name, hold, hospital, e.no, e.patient_column, deleted,
    case when own_patient then 'sync.keys_of(o.id, o.ward_id)'
         else format('case when o.%1$I = n.%1$I then ''{}'' else sync.keys_of(o.%1$I, null) end', e.patient_column) end,
    fan_out,
    case when own_patient then 'o.ward_id' else 'p.ward_id' end,
    case when own_patient then '' else format('left join %I.patient p on p.id = o.%I', schema_name, e.patient_column) end);
end $$;
