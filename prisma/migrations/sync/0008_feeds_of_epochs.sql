-- Up Migration

-- A database that goes back does not always show it by its timeline: a dump may be restored into the cluster it came from, a
-- disk be put back as it was, and of two recoveries from one backup each may begin an epoch of the same number. So each epoch
-- is a feed of its own, of which only those that lived through it can know.

-- Of each epoch, the feed of the one before.
alter table sync.epoch add column feed_before uuid;
update sync.epoch set feed_before = (select feed_id from sync.relay);
alter table sync.epoch alter column feed_before set not null;

do $$
declare
  before constant text := sync.server();
begin
  -- The server that writes: the cluster, the database in it, and the cluster's timeline, which is another one after each
  -- promotion and each recovery to a point in time.
  create or replace function sync.server() returns text language sql volatile set search_path = pg_catalog, pg_temp as $body$
    select (select system_identifier from pg_control_system())
           || '.' || (select oid from pg_database where datname = current_database())
           || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
  $body$;
  update sync.relay set timeline = sync.server() where timeline = before;
end $$;

-- For a database that is not the one devices were told of, whose server is still the same: who saw the feed further on can
-- tell. Every device begins anew.
create function sync.renew_feed(lost uuid) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- Not while a step is under way: it would overwrite this.
  if not pg_try_advisory_xact_lock(7310001) then return; end if;
  if not exists (select from sync.relay where feed_id = lost and timeline = sync.server()) then return; end if;
  -- In another cluster transaction ids began anew: those that were noted say nothing here, and would come true by and by.
  delete from sync.change_log where xid >= pg_snapshot_xmax(pg_current_snapshot());
  delete from sync.epoch;
  update sync.relay set feed_id = gen_random_uuid(), epoch = 1, floor_pos = pos, prev = pg_current_snapshot(),
         target = null, after_xid = null, after_seq = null;
end $$;

create or replace function sync.begin_epoch(server text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  r sync.relay;
begin
  if not pg_try_advisory_xact_lock(7310001) then return; end if;
  select * into r from sync.relay;
  if r.timeline = server then return; end if;
  if r.timeline <> '' and split_part(r.timeline, '/', 1) = split_part(server, '/', 1) then
    -- A pull is told rows as they are, which may be some changes ahead of its position. Nobody is ten seconds ahead.
    insert into sync.epoch (epoch, feed_before, last_before, start_pos)
    select r.epoch + 1, r.feed_id, coalesce(max(f.pos), 0), r.pos from sync.feed f
     where f.at < (select max(l.at) from sync.feed l where l.pos > r.pos - 1000) - interval '10 seconds';
    update sync.relay set epoch = r.epoch + 1, feed_id = gen_random_uuid();
  end if;
  update sync.relay set timeline = server;
  if r.timeline <> '' and split_part(r.timeline, '/', 1) <> split_part(server, '/', 1) then
    perform sync.renew_feed(r.feed_id);
  end if;
end $$;

revoke all on function sync.renew_feed(uuid) from public;
grant execute on function sync.renew_feed(uuid) to hms_ingest;
