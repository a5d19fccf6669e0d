-- Up Migration

-- A search path that does not name pg_temp begins with it: a function that runs as its owner would take the caller's
-- temporary table for the one it means. Names it last, for those of the schema being migrated.
create procedure public.search_temp_last() language plpgsql as $$
declare
  f record;
begin
  for f in
    select p.oid::regprocedure as signature, substr(setting, length('search_path=') + 1) as path
      from pg_proc p, unnest(p.proconfig) as setting
     where p.pronamespace = current_schema()::regnamespace and p.prosecdef and p.proowner = current_user::regrole
       and setting ~ '^search_path=' and setting !~ ', pg_temp$'
  loop
    execute format('alter function %s set search_path = %s, pg_temp', f.signature, f.path);
  end loop;
end $$;
revoke all on procedure public.search_temp_last() from public;
call public.search_temp_last();

-- Nor does anybody make temporary tables who has no need to. Ingest stages rows that may be there already.
do $$ begin
  execute format('revoke temporary on database %I from public', current_database());
  execute format('grant temporary on database %I to hms_ingest', current_database());
end $$;
