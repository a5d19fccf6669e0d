-- Up Migration

-- Stretches of a second or so of one signal; a value is origin + scale × sample. Whose they are is not stored: whoever wore
-- the device when they began, which holds for assignments that are corrected later too.
create table waveform (
  started_at  timestamptz not null,
  device_no   int not null,
  hz          smallint not null check (hz between 1 and 1000),
  scale       real not null,
  origin      real not null,
  lead        text not null,
  -- Signed 16-bit samples, little-endian, from started_at on.
  samples     bytea not null check (octet_length(samples) between 2 and 1800),
  primary key (device_no, started_at, lead)
) partition by range (started_at);
-- Chunks stay below 2 kB, so that they lie in the row and are not compressed: noise does not shrink.
alter table waveform alter samples set storage plain;

-- Late readings are taken for 7 days, so no partition goes before.
alter table telemetry_retention drop constraint telemetry_retention_waveform_days_check;
alter table telemetry_retention alter waveform_days set default 8;
update telemetry_retention set waveform_days = 8 where waveform_days < 8;
alter table telemetry_retention add constraint telemetry_retention_waveform_days_check check (waveform_days between 8 and 90);

-- As before, and of waveforms.
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
           ('telemetry_request', now() - interval '43 days'),
           ('waveform', now() - r.waveform_days * interval '1 day')
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

-- As before, and of waveforms.
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
  -- By days, because a day of many leads is big; so there are not many of them.
  perform ensure_range_partitions('waveform', date_trunc('day', greatest(window_start, now() - interval '8 days')),
    least(window_end, now() + interval '8 days'), 'day');
  select min(since) into oldest from range_partitions('vitals');
  perform ensure_range_partitions('vitals_1m', date_trunc('month', oldest), window_end, 'month');
  perform ensure_range_partitions('vitals_15m', date_trunc('year', oldest), window_end, 'year');
end $$;

do $$ begin
  execute format('alter function ensure_telemetry_partitions(timestamptz, timestamptz) security definer set search_path = %I, public, pg_temp set timezone = ''UTC''', current_schema());
  execute format('alter function retire_telemetry_partition() security definer set search_path = %I, public, pg_temp set timezone = ''UTC'' set lock_timeout = ''300ms''', current_schema());
  execute format('grant select on waveform to %I', current_schema());
  grant select, insert on waveform to hms_ingest;
end $$;

select ensure_telemetry_partitions(now() - interval '35 days', now() + interval '35 days');

call public.search_temp_last();
