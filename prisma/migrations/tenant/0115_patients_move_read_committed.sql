-- Up Migration

-- Whoever moves a patient logs the patient's rows, those too that were written until that moment. A transaction that keeps to
-- an older snapshot would miss some of them, and so would the devices of the other ward.
create function refuse_snapshot() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    raise exception 'patients are moved and deleted in read committed' using errcode = 'feature_not_supported';
  end if;
  return new;
end $$;
revoke all on function refuse_snapshot() from public;
create trigger refuse_snapshot before update on patient for each row
  when (new.ward_id is distinct from old.ward_id or (new.deleted_at is null) <> (old.deleted_at is null))
  execute function refuse_snapshot();
