-- Up Migration

alter table telemetry_import
  -- How the rows of the file are read, as options of the command; another reading needs another id. Null of imports that
  -- were begun before this was kept.
  add column options   text[],
  -- When it began, went on, or stored something.
  add column active_at timestamptz not null default now();

create index vitals_unassigned_by_time on vitals_unassigned using brin (recorded_at)
  with (pages_per_range = 32, autosummarize = on);

-- Whether readings recorded before then are still needed: not all of them are summed up, some may be found to be of
-- somebody, or an import is going on, which may store more.
create function readings_needed(bound timestamptz) returns boolean language sql stable as $$
  select exists (select from vitals_dirty where since < bound)
      or exists (select from vitals_unassigned where recorded_at < bound)
      or exists (select from telemetry_import where active_at > now() - interval '1 day')
$$;

-- As before; and whoever stores readings and tells of them in one transaction either has ended it when we look, or stores
-- them afterwards, when there is no partition for them.
create or replace function retire_telemetry_partition() returns text language plpgsql as $$
declare
  parent  text;
  child   text;
  bound   timestamptz;
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || '.ensure_telemetry_partitions'));
  perform pg_advisory_xact_lock(hashtext(current_schema() || '.vitals_rollup'));
  select due.parent, p.name, p.until into parent, child, bound
    from telemetry_retention r, vitals_rollup s, lateral (values
           ('vitals', least(now() - r.raw_days * interval '1 day', date_bin('15 minutes', s.rolled_until, '2000-01-01Z'))),
           -- Not while readings of that time are there, which may move and be summed up again.
           ('vitals_1m', least(now() - r.rollup_1m_days * interval '1 day', s.raw_from)),
           ('vitals_15m', least(now() - r.rollup_15m_days * interval '1 day', s.raw_from)),
           -- A batch is known for 7 days, by the date of its device, whose clock may be 35 days slow.
           ('telemetry_request', now() - interval '43 days')
         ) as due (parent, before), lateral range_partitions(due.parent) p
   where p.until <= due.before and (due.parent <> 'vitals' or not readings_needed(p.until))
   order by p.until limit 1;
  if child is null then
    return null;
  end if;
  execute format('lock table only %I in access exclusive mode', parent);
  -- By a snapshot that is younger than the lock.
  if parent = 'vitals' and readings_needed(bound) then
    return null;
  end if;
  execute format('alter table %I detach partition %I', parent, child);
  execute format('drop table %I', child);
  if parent = 'vitals' then
    update vitals_rollup set raw_from = greatest(raw_from, bound);
  end if;
  return child;
end $$;

-- As before, but batches of a time nobody asks about any more get no partitions, which would only be dropped again: an
-- import of old readings calls this for the months of its file.
create or replace function ensure_telemetry_partitions(window_start timestamptz, window_end timestamptz) returns void
  language plpgsql as $$
declare
  unit   text;
  oldest timestamptz;
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || '.ensure_telemetry_partitions'));
  select r.partition_by, greatest(date_trunc(r.partition_by, window_start), s.raw_from) into unit, oldest
    from telemetry_retention r, vitals_rollup s;
  perform ensure_range_partitions('vitals', oldest, window_end, unit);
  perform ensure_range_partitions('telemetry_request',
    date_trunc('week', greatest(window_start, now() - interval '43 days')), window_end, 'week');
  select min(since) into oldest from range_partitions('vitals');
  perform ensure_range_partitions('vitals_1m', date_trunc('month', oldest), window_end, 'month');
  perform ensure_range_partitions('vitals_15m', date_trunc('year', oldest), window_end, 'year');
end $$;

do $$ begin
  execute format('alter function ensure_telemetry_partitions(timestamptz, timestamptz) security definer set search_path = %I, public, pg_temp set timezone = ''UTC''', current_schema());
  execute format('alter function retire_telemetry_partition() security definer set search_path = %I, public, pg_temp set timezone = ''UTC'' set lock_timeout = ''300ms''', current_schema());
end $$;
