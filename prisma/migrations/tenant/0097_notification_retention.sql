-- Up Migration

-- How long the log of deliveries is kept. What a broadcast came to is counted before its deliveries are forgotten.
alter table notification_settings add column retention_days int not null default 365 check (retention_days between 30 and 3650);
alter table notification_broadcast add column forgotten jsonb not null default '{}';

-- Removes some deliveries that are over and older than the hospital keeps them; answers how many. What the hospital's own role
-- may not delete otherwise.
do $$ begin
  execute format($create$
    create function forget_deliveries(most int) returns int
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    declare
      ids constant uuid[] := array(
        select d.id from %1$I.notification_delivery d
         where d.due_at is null
               and d.created_at < now() - (select s.retention_days from %1$I.notification_settings s) * interval '1 day'
         order by d.created_at limit most for update skip locked);
    begin
      -- First: an update that had to wait for somebody could not look at what was deleted beside it.
      perform from %1$I.notification_broadcast b
        where b.id in (select n.broadcast_id from %1$I.notification n join %1$I.notification_delivery d on d.notification_id = n.id
                        where d.id = any (ids))
        order by b.id for no key update;
      with gone as (
        delete from %1$I.notification_delivery d where d.id = any (ids)
        returning d.notification_id, d.channel, d.status
      ), counted as (
        select n.broadcast_id, g.status, count(*)::int as n
          from gone g join %1$I.notification n on n.id = g.notification_id
         where n.broadcast_id is not null and g.channel <> 'in-app'
         group by n.broadcast_id, g.status
      )
      update %1$I.notification_broadcast b
         set forgotten = b.forgotten
               || (select jsonb_object_agg(c.status, coalesce((b.forgotten ->> c.status)::int, 0) + c.n)
                     from counted c where c.broadcast_id = b.id)
       where b.id in (select c.broadcast_id from counted c);
      return cardinality(ids);
    end $body$;
    grant execute on function forget_deliveries(int) to %1$I;
  $create$, current_schema());
end $$;
revoke all on function forget_deliveries(int) from public;
