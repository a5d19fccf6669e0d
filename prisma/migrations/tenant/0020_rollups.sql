-- Up Migration

-- How the worker learns what was stored since it looked last: transactions by their id, whatever order they ended in.
alter table telemetry_flush
  add column xid xid8 not null default pg_current_xact_id(),
  -- When the oldest of its readings was recorded that were at most ten minutes old; 'infinity' when none was. Older ones
  -- are in vitals_dirty. Null from an ingest process that does not tell: then recorded_from counts.
  add column fresh_from timestamptz;
create index telemetry_flush_by_xid on telemetry_flush (xid);

-- What of a patient has to be summed up again. A log without a key: a writer that found its entry there already would
-- rely on one that may be gone before it commits.
create table vitals_dirty (
  id          bigint generated always as identity primary key,
  patient_id  uuid not null,
  since       timestamptz not null,
  until       timestamptz not null check (until >= since)
);

create table vitals_rollup (
  singleton     boolean primary key default true check (singleton),
  -- Whole minutes before this are in vitals_1m, whole quarters of an hour in vitals_15m, except for what is dirty.
  rolled_until  timestamptz not null check (rolled_until = date_trunc('minute', rolled_until)),
  -- Flushes of transactions before this one have been looked at.
  flushes_seen  xid8 not null,
  -- Readings recorded before this are gone: what was summed up of them stays as it is.
  raw_from      timestamptz not null default '-infinity'
);
insert into vitals_rollup (rolled_until, flushes_seen)
  select date_trunc('minute', coalesce(min(recorded_at), now())), pg_snapshot_xmin(pg_current_snapshot()) from vitals;

-- How long a hospital keeps what, in days, and how its next partitions of vitals are cut: by days where a month would be
-- too big to handle, more than a million readings a day.
create table telemetry_retention (
  singleton        boolean primary key default true check (singleton),
  raw_days         int not null default 90 check (raw_days between 30 and 3650),
  rollup_1m_days   int not null default 730 check (rollup_1m_days between raw_days and 36500),
  rollup_15m_days  int not null default 3650 check (rollup_15m_days between rollup_1m_days and 36500),
  waveform_days    int not null default 7 check (waveform_days between 1 and 90),
  partition_by     text not null default 'month' check (partition_by in ('day', 'month')),
  version          int not null default 1,
  updated_by       uuid,
  updated_at       timestamptz not null default now()
);
insert into telemetry_retention default values;
create trigger advance_version before update on telemetry_retention
  for each row execute function public.advance_version();

-- Sums and counts, not averages: they add up exactly to wider buckets.
do $$
declare
  integers constant text[] := array['heart_rate', 'pulse_rate', 'resp_rate', 'spo2', 'systolic', 'diastolic', 'mean_bp',
                                    'abp_systolic', 'abp_diastolic', 'abp_mean', 'etco2', 'fio2'];
  wide     constant text := (select string_agg(format('%1$s_sum int, %1$s_n int', sign), ', ') from unnest(integers) sign);
  narrow   constant text := (select string_agg(format('%1$s_min smallint, %1$s_max smallint', sign), ', ')
                               from unnest(integers) sign);
  parent   text;
begin
  foreach parent in array array['vitals_1m', 'vitals_15m'] loop
    execute format(
      'create table %s (patient_id uuid not null, bucket timestamptz not null, temperature_sum float8, n int not null, %s,
         temperature_n int, temperature_min real, temperature_max real, on_oxygen_n int, acvpu_n int, %s,
         on_oxygen_last boolean, acvpu_last "char", primary key (patient_id, bucket)) partition by range (bucket)',
      parent, wide, narrow);
  end loop;
  create index vitals_1m_by_time on vitals_1m using brin (bucket) with (pages_per_range = 32, autosummarize = on);
end $$;

create or replace function attach_range_partition(parent text, lower_bound text, upper_bound text, suffix text)
  returns void language plpgsql as $$
declare
  child text := parent || '_' || suffix;
  key   text := (select a.attname from pg_partitioned_table p
                   join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]
                  where p.partrelid = format('%I.%I', current_schema(), parent)::regclass);
begin
  if to_regclass(format('%I.%I', current_schema(), child)) is not null then
    return;
  end if;
  -- A standalone table with the matching CHECK attaches under SHARE UPDATE EXCLUSIVE; PARTITION OF would block writers.
  execute format('create table %1$I (like %2$I including all, constraint bounds check (%3$I >= %4$L and %3$I < %5$L))',
                 child, parent, key, lower_bound, upper_bound);
  execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, child, lower_bound, upper_bound);
  execute format('alter table %I drop constraint bounds', child);
end $$;

create function range_partitions(parent text) returns table (name text, since timestamptz, until timestamptz)
  language sql stable as $$
  select c.relname::text, bound[1]::timestamptz, bound[2]::timestamptz
    from pg_inherits i join pg_class c on c.oid = i.inhrelid,
         regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\) TO \(''([^'']+)''\)') as bound
   where i.inhparent = format('%I.%I', current_schema(), parent)::regclass
$$;

-- Fills what the table lacks of the window with partitions of the unit. Where one would overlap what is there, as after
-- the unit was changed, with days.
create function ensure_range_partitions(parent text, window_start timestamptz, window_end timestamptz, unit text)
  returns void language plpgsql as $$
declare
  covered constant tstzmultirange := coalesce((select range_agg(tstzrange(p.since, p.until)) from range_partitions(parent) p), '{}');
  form    constant text := case unit when 'year' then 'YYYY' when 'month' then 'YYYYMM' when 'week' then 'IYYY"w"IW'
                                     else 'YYYYMMDD' end;
  at      timestamptz := window_start;
  until   timestamptz;
  free    timestamptz;
begin
  while at <= window_end loop
    select upper(span) into until from unnest(covered) span where span @> at;
    if not found then
      select coalesce(min(lower(span)), 'infinity') into free from unnest(covered) span where lower(span) > at;
      until := at + ('1 ' || unit)::interval;
      if at = date_trunc(unit, at) and until <= free then
        perform attach_range_partition(parent, at::text, until::text, to_char(at, form));
      else
        until := at + interval '1 day';
        perform attach_range_partition(parent, at::text, until::text, to_char(at, 'YYYYMMDD'));
      end if;
    end if;
    at := until;
  end loop;
end $$;

-- Partitions for the window, of every table that has them; safe to call again and concurrently. Those of readings that
-- were retired are not made again.
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
  perform ensure_range_partitions('telemetry_request', date_trunc('week', window_start), window_end, 'week');
  select min(since) into oldest from range_partitions('vitals');
  perform ensure_range_partitions('vitals_1m', date_trunc('month', oldest), window_end, 'month');
  perform ensure_range_partitions('vitals_15m', date_trunc('year', oldest), window_end, 'year');
end $$;

-- Takes off and drops one partition whose time is over, the oldest first, and returns its name; null when none is left.
-- Readings go only when all of them are summed up. A plain DETACH, because CONCURRENTLY runs in no transaction and needs
-- the owner's login: it waits for writers and they for it, so it gives up (55P03) after 300 ms and is tried again later.
create function retire_telemetry_partition() returns text language plpgsql as $$
declare
  parent  text;
  child   text;
  bound   timestamptz;
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || '.ensure_telemetry_partitions'));
  perform pg_advisory_xact_lock(hashtext(current_schema() || '.vitals_rollup'));
  select due.parent, p.name, p.until into parent, child, bound
    from telemetry_retention r, vitals_rollup s, lateral (values
           ('vitals', least(now() - r.raw_days * interval '1 day', date_bin('15 minutes', s.rolled_until, '2000-01-01Z'),
                            (select min(since) from vitals_dirty))),
           -- Not while readings of that time are there, which may move and be summed up again.
           ('vitals_1m', least(now() - r.rollup_1m_days * interval '1 day', s.raw_from)),
           ('vitals_15m', least(now() - r.rollup_15m_days * interval '1 day', s.raw_from)),
           -- A batch is known for 7 days, by the date of its device, whose clock may be 35 days slow.
           ('telemetry_request', now() - interval '43 days')
         ) as due (parent, before), lateral range_partitions(due.parent) p
   where p.until <= due.before order by p.until limit 1;
  if child is null then
    return null;
  end if;
  execute format('alter table %I detach partition %I', parent, child);
  execute format('drop table %I', child);
  if parent = 'vitals' then
    update vitals_rollup set raw_from = greatest(raw_from, bound);
  end if;
  return child;
end $$;

-- As before, and whoever lost or gained readings is summed up again.
create or replace function move_readings() returns trigger
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  before  constant tstzmultirange := coalesce(tstzmultirange(old.valid), '{}');
  after   constant tstzmultirange := coalesce(tstzmultirange(new.valid), '{}');
  same    constant boolean := (old.device_id, old.patient_id) = (new.device_id, new.patient_id);
  lost    constant tstzmultirange := before - case when same then after else '{}' end;
  gained  constant tstzmultirange := after - case when same then before else '{}' end;
  columns constant text := (select string_agg(quote_ident(attname), ', ') from pg_attribute
                             where attrelid = format('%I.vitals', tg_table_schema)::regclass
                               and attnum > 0 and not attisdropped and attname <> 'patient_id');
  during  constant text := format('device_no = (select device_no from %I.device where id = $2) and recorded_at <@ $3
    and recorded_at >= lower($3) and recorded_at < coalesce(upper($3), ''infinity'')', tg_table_schema);
  refresh constant text := format('select %I.refresh_vitals_latest($1, $2)', tg_table_schema);
  soil    constant text := format('insert into %I.vitals_dirty (patient_id, since, until)
    select $1, lower(span), coalesce(upper(span), ''infinity'') from unnest($2) span where lower(span) < now()', tg_table_schema);
  -- How far back the latest values are looked for: without a limit, through all the patient ever had.
  recent  constant interval := '1 day';
  removed bigint;
  newest  timestamptz;
begin
  if not isempty(lost) then
    execute format('with moved as (delete from %1$I.vitals where patient_id = $1 and %2$s returning %3$s)
                    insert into %1$I.vitals_unassigned (%3$s) select * from moved on conflict do nothing',
                   tg_table_schema, during, columns)
      using old.patient_id, old.device_id, lost;
    execute soil using old.patient_id, lost;
    execute format('delete from %I.vitals_latest where patient_id = $1 and recorded_at <@ $2', tg_table_schema)
      using old.patient_id, lost;
    get diagnostics removed = row_count;
    if removed > 0 then
      execute refresh using old.patient_id, lower(lost) - recent;
    end if;
  end if;
  if not isempty(gained) then
    execute format('with moved as (delete from %1$I.vitals_unassigned where %2$s returning %3$s),
                         claimed as (insert into %1$I.vitals (patient_id, %3$s) select $1, * from moved
                                     on conflict do nothing returning recorded_at)
                    select max(recorded_at) from claimed', tg_table_schema, during, columns)
      into newest using new.patient_id, new.device_id, gained;
    execute soil using new.patient_id, gained;
    if newest is not null then
      execute refresh using new.patient_id, newest - recent;
    end if;
  end if;
  return null;
end $$;

do $$ begin
  execute format('alter function ensure_telemetry_partitions(timestamptz, timestamptz) security definer set search_path = %I, public set timezone = ''UTC''', current_schema());
  execute format('alter function retire_telemetry_partition() security definer set search_path = %I, public set timezone = ''UTC'' set lock_timeout = ''300ms''', current_schema());
  revoke all on function retire_telemetry_partition() from public;
  execute format('grant execute on function retire_telemetry_partition() to %I', current_schema());
  execute format('grant select, insert, update, delete on vitals_dirty, vitals_1m, vitals_15m to %I', current_schema());
  execute format('grant select, update on vitals_rollup, telemetry_retention to %I', current_schema());
  execute format('grant delete on vitals_unassigned to %I', current_schema());
  grant insert on vitals_dirty to hms_ingest;
end $$;

select ensure_telemetry_partitions(now() - interval '35 days', now() + interval '35 days');
