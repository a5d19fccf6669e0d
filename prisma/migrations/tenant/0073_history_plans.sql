-- Up Migration

-- The history is written by every change. Its statement names the schema, so that the server plans it once a connection
-- and not once a row: planning took longer than everything else the trigger does.
do $$ begin
  execute format($create$
    create or replace function record_change() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    declare
      before jsonb := case tg_op when 'INSERT' then '{}'::jsonb else to_jsonb(old) end;
      after  jsonb := to_jsonb(new);
      skip   constant text[] := array['version', 'created_at', 'created_by', 'updated_at', 'updated_by', 'search_name',
                                      'phone_digits', 'field_versions'];
    begin
      insert into %I.change_history (entity, entity_id, patient_id, version, action, actor_id, changes)
      select tg_table_name, (after ->> 'id')::uuid, coalesce(after ->> 'patient_id', after ->> 'id')::uuid,
             (after ->> 'version')::int,
             case when tg_op = 'INSERT' then 'create'
                  when before ->> 'deleted_at' is null and after ->> 'deleted_at' is not null then 'delete'
                  else 'update' end,
             (after ->> 'updated_by')::uuid,
             coalesce(jsonb_object_agg(a.key, jsonb_build_object('from', before -> a.key, 'to', a.value)), '{}')
        from jsonb_each(after) a
       where a.key <> all (skip) and a.key !~ '_(sealed|index)$'
         and a.value is distinct from coalesce(before -> a.key, 'null'::jsonb);
      return null;
    end $body$
  $create$, current_schema());
end $$;
