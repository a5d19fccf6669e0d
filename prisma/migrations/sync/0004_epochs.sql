-- Up Migration

-- A standby that is promoted may lack the end of the log, and so the end of the feed: what devices were told of it never
-- happened. From then on there is another epoch. Cursors of before it are good as far as nobody can have heard of what is
-- lost; a database restored from a dump is another feed altogether.

-- The server that writes: the cluster, and its timeline, which is another one after each promotion and each recovery to a
-- point in time.
create function sync.server() returns text language sql volatile set search_path = pg_catalog, pg_temp as $$
  select (select system_identifier from pg_control_system()) || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
$$;

create function sync.begin_epoch(server text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  r sync.relay;
begin
  -- Not while a step is under way: it would overwrite this.
  if not pg_try_advisory_xact_lock(7310001) then return; end if;
  select * into r from sync.relay;
  if r.timeline = server then return; end if;
  if r.timeline = '' then
    update sync.relay set timeline = server;
  elsif split_part(r.timeline, '/', 1) = split_part(server, '/', 1) then
    -- A pull is told rows as they are, which may be some changes ahead of its position. Nobody is ten seconds ahead.
    insert into sync.epoch (epoch, last_before, start_pos)
    select r.epoch + 1, coalesce(max(f.pos), 0), r.pos from sync.feed f
     where f.at < (select max(l.at) from sync.feed l where l.pos > r.pos - 1000) - interval '10 seconds';
    update sync.relay set epoch = r.epoch + 1, timeline = server;
  else
    -- Transaction ids began anew: those that were noted say nothing here, and would come true by and by.
    delete from sync.change_log where xid >= pg_snapshot_xmax(pg_current_snapshot());
    delete from sync.epoch;
    update sync.relay set feed_id = gen_random_uuid(), epoch = 1, timeline = server, floor_pos = r.pos,
           prev = pg_current_snapshot(), target = null, after_xid = null, after_seq = null;
  end if;
end $$;

/* A step of the relay on whatever server this has become. */
create function sync.advance(max_rows int default 20000) returns table (pos bigint, moved int, more boolean)
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  server constant text := sync.server();
begin
  if server is distinct from (select timeline from sync.relay) then perform sync.begin_epoch(server); end if;
  return query select * from sync.relay_step(max_rows);
end $$;

revoke all on function sync.server(), sync.begin_epoch(text), sync.advance(int) from public;
grant execute on function sync.advance(int) to hms_ingest;
