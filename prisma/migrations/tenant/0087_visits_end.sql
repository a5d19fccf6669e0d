-- Up Migration

-- Encounters of a visit that begin or end at once wait for each other: the last to end closes it, whichever that is.
do $$ begin
  execute format($create$
    create or replace function keep_encounter() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    declare
      goes_on boolean;
    begin
      if tg_op = 'UPDATE' and new.status = old.status then return null; end if;
      insert into %1$I.state_history (entity, entity_id, from_state, to_state, actor_id, reason)
      values ('encounter', new.id, case when tg_op = 'UPDATE' then old.status end, new.status, new.updated_by, new.status_reason);
      perform from %1$I.visit v where v.id = new.visit_id for no key update;
      -- In a statement of its own: its snapshot is newer than the lock.
      select exists (select from %1$I.encounter e where e.visit_id = new.visit_id
                        and e.status in ('planned', 'arrived', 'triaged', 'in-progress', 'onleave')) into goes_on;
      update %1$I.visit v set closed_at = case when goes_on then null else greatest(v.opened_at, now()) end
       where v.id = new.visit_id and (v.closed_at is null) <> goes_on;
      return null;
    end $body$;
  $create$, current_schema());
end $$;
