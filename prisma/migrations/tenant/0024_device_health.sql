-- Up Migration

alter table device
  -- a device in use that sent nothing for so long is silent
  add column silent_after_seconds int not null default 120 check (silent_after_seconds between 10 and 86400);

-- How devices fare, written by ingest every few seconds: what a crash of it loses is a few seconds of counts.
create table device_health (
  device_no         int primary key references device (device_no),
  -- when a reading of it was last stored, whenever it was recorded; null when all were refused
  last_seen_at      timestamptz,
  -- how far the clock of its gateway was behind when it last told
  clock_offset_ms   int,
  -- readings of one day, in UTC
  counted_on        date not null,
  accepted          int not null,
  rejected          int not null,
  last_reject_code  text check (length(last_reject_code) <= 40)
) with (fillfactor = 50);

do $$ begin
  execute format('grant select on device_health to %I', current_schema());
  grant select, insert, update on device_health to hms_ingest;
end $$;
