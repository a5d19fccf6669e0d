-- Up Migration

/*
 * How far the relay is behind: the age of the oldest change that ended and was not relayed, and that of the oldest
 * transaction whose changes it still waits for; null where there is none.
 */
create function sync.relay_status(out lag_seconds float8, out oldest_writer_seconds float8)
  language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  with r as materialized (select prev, pg_current_snapshot() as now from sync.relay),
  oldest as (
    -- Both by the index: the log has millions of rows that were relayed.
    (select c.at from r cross join lateral (
       select c.at from sync.change_log c
        where c.xid >= pg_snapshot_xmax(r.prev) and pg_visible_in_snapshot(c.xid, r.now) order by c.xid, c.seq limit 1) c)
    union all
    select c.at from (select pg_snapshot_xip(r.prev) as xid, r.now from r offset 0) open cross join lateral (
       select c.at from sync.change_log c
        where c.xid = open.xid and pg_visible_in_snapshot(open.xid, open.now) order by c.seq limit 1) c
  )
  select (select extract(epoch from clock_timestamp() - min(o.at))::float8 from oldest o),
         (select extract(epoch from clock_timestamp() - min(a.xact_start))::float8 from pg_stat_activity a
           where a.backend_xid is not null and a.pid <> pg_backend_pid())
$$;
revoke all on function sync.relay_status() from public;
grant execute on function sync.relay_status() to hms_ingest;
