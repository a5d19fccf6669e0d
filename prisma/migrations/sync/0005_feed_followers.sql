-- Up Migration

-- The feed is followed over all hospitals, too.
create index feed_order on sync.feed (pos);

-- Who follows the feed beside the devices, and how far each has come.
create table sync.follower (
  name     text primary key check (name ~ '^[a-z][a-z0-9-]{0,59}$'),
  feed_id  uuid not null,
  epoch    int not null,
  pos      bigint not null
);

/*
 * Of which patients the records changed after a position, by hospital, and up to where that is said: not further than
 * max_changes changes. Up to where it was asked from when nothing did.
 */
create function sync.records_changed(after bigint, max_changes int, out up_to bigint, out patients jsonb)
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with changes as materialized (
    select f.pos, f.hospital_id, f.keys || f.keys_gone as keys
      from sync.feed f where f.pos > after order by f.pos limit max_changes
  ), by_hospital as (
    select c.hospital_id, jsonb_agg(distinct substr(k, 9)) as patients
      from changes c cross join unnest(c.keys) k where k like 'patient:%' group by c.hospital_id
  )
  select coalesce((select max(c.pos) from changes c), after),
         coalesce((select jsonb_object_agg(h.hospital_id, h.patients) from by_hospital h), '{}')
$$;

revoke all on function sync.records_changed(bigint, int) from public;
grant execute on function sync.records_changed(bigint, int) to hms_api;
grant select, insert, update on sync.follower to hms_api;

-- What the feed tells needs no delivery, and what makes nothing obsolete needs none either. Workers enter the rest when they
-- start, and begin by forgetting everything.
update public.outbox_consumer set types = '{}' where name = 'cache-eviction';
delete from public.outbox_delivery where consumer = 'cache-eviction' and state in ('pending', 'leased');
