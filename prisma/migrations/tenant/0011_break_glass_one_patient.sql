-- Up Migration

-- One person has one patient open at a time. Grants of before may overlap, and are not rewritten.
do $$ begin
  execute format(
    'alter table break_glass add constraint break_glass_one_patient exclude using gist (
       user_id with =, tstzrange(opened_at, coalesce(closed_at, expires_at)) with &&) where (opened_at > %L::timestamptz)',
    (select coalesce(max(opened_at), '-infinity') from break_glass));
end $$;
alter table break_glass drop constraint break_glass_once;
