-- Up Migration

create table device (
  id             uuid primary key,
  -- the short key of vitals rows: 12 bytes less per row and index entry than the uuid
  device_no      int generated always as identity unique,
  -- the name a gateway sends
  external_id    text not null unique check (external_id ~ '^[A-Za-z0-9._:-]{1,64}$'),
  -- in public.gateway; no foreign key leaves the hospital's schema
  gateway_id     uuid not null,
  kind           text not null check (kind in ('bedside-monitor', 'pulse-oximeter', 'ventilator', 'wearable', 'other')),
  manufacturer   text,
  model          text,
  serial_number  text,
  status         text not null default 'active' check (status in ('active', 'disabled')),
  version        int not null default 1,
  created_by     uuid not null,
  created_at     timestamptz not null default now(),
  updated_by     uuid not null,
  updated_at     timestamptz not null default now()
);

create table device_assignment (
  id          uuid primary key,
  device_id   uuid not null references device,
  patient_id  uuid not null references patient,
  ward_id     uuid not null references ward,
  bed_id      uuid,
  valid       tstzrange not null check (not isempty(valid) and lower_inc(valid) and not lower_inf(valid) and not upper_inc(valid)),
  created_by  uuid not null,
  created_at  timestamptz not null default now(),
  ended_by    uuid,
  foreign key (ward_id, bed_id) references bed (ward_id, id),
  constraint device_assignment_no_overlap exclude using gist (device_id with =, valid with &&)
);
create index device_assignment_by_patient on device_assignment using gist (patient_id, valid);
create index device_assignment_by_ward on device_assignment using gist (ward_id, valid);

create trigger advance_version before update on device for each row execute function public.advance_version();
create trigger advance_ingest_epoch after insert or update on device
  for each statement execute function public.advance_ingest_epoch_of_schema();
create trigger advance_ingest_epoch after insert or update or delete on device_assignment
  for each statement execute function public.advance_ingest_epoch_of_schema();

-- A deleted record is monitored no longer: its devices come off at that moment, and none is put on later.
create function end_assignments() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
  execute format('delete from %I.device_assignment where patient_id = $1 and lower(valid) >= $2', tg_table_schema)
    using new.id, new.deleted_at;
  execute format('update %I.device_assignment set valid = tstzrange(lower(valid), $2), ended_by = $3
                   where patient_id = $1 and valid @> $2', tg_table_schema)
    using new.id, new.deleted_at, new.updated_by;
  return null;
end $$;
create trigger end_assignments after update of deleted_at on patient for each row
  when (old.deleted_at is null and new.deleted_at is not null) execute function end_assignments();

-- One row per reading, not per value: four to five times less CPU and disk. Eight-byte columns first.
create table vitals (
  recorded_at      timestamptz not null,
  flush_no         bigint not null,
  patient_id       uuid not null,
  device_no        int not null,
  temperature      real,
  clock_offset_ms  int,
  writer           smallint not null,
  heart_rate       smallint,
  pulse_rate       smallint,
  resp_rate        smallint,
  spo2             smallint,
  systolic         smallint,
  diastolic        smallint,
  mean_bp          smallint,
  abp_systolic     smallint,
  abp_diastolic    smallint,
  abp_mean         smallint,
  etco2            smallint,
  fio2             smallint,
  on_oxygen        boolean,
  acvpu            "char",
  flags            smallint not null default 0,
  primary key (patient_id, recorded_at, device_no)
) partition by range (recorded_at);
create index vitals_by_time on vitals using brin (recorded_at) with (pages_per_range = 64, autosummarize = on);

create table vitals_unassigned (
  like vitals,
  primary key (device_no, recorded_at)
);
alter table vitals_unassigned alter patient_id drop not null;

-- The shape of the ERD in the founding documents.
create view vitals_erd as
  select patient_id, recorded_at, heart_rate, systolic || '/' || diastolic as blood_pressure, temperature, spo2 from vitals;

create table vitals_latest (
  patient_id   uuid not null,
  code         text not null,
  value        real not null,
  recorded_at  timestamptz not null,
  primary key (patient_id, code)
) with (fillfactor = 50);

-- Brings the patient's latest vitals up to what is stored since then; values that are newer stay.
create function refresh_vitals_latest(patient uuid, since timestamptz) returns void language sql begin atomic
  insert into vitals_latest as latest (patient_id, code, value, recorded_at)
  select distinct on (sign.code) patient, sign.code, sign.value, v.recorded_at
    from vitals v cross join lateral (values
           ('heartRate', heart_rate),
           ('pulseRate', pulse_rate),
           ('respiratoryRate', resp_rate),
           ('spo2', spo2),
           ('systolic', systolic),
           ('diastolic', diastolic),
           ('meanBloodPressure', mean_bp),
           ('arterialSystolic', abp_systolic),
           ('arterialDiastolic', abp_diastolic),
           ('arterialMean', abp_mean),
           ('temperature', temperature),
           ('etco2', etco2),
           ('fio2', fio2),
           ('onOxygen', on_oxygen::int),
           ('acvpu', strpos('ACVPU', acvpu::text) - 1)
         ) as sign (code, value)
   where v.patient_id = patient and v.recorded_at >= since and sign.value is not null
   order by sign.code, v.recorded_at desc
  on conflict (patient_id, code) do update set value = excluded.value, recorded_at = excluded.recorded_at
    where excluded.recorded_at > latest.recorded_at;
end;

-- Readings belong to whoever wore the device when they were recorded: correcting an assignment moves what is stored.
create function move_readings() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
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
    if newest is not null then
      execute refresh using new.patient_id, newest - recent;
    end if;
  end if;
  return null;
end $$;
create trigger move_readings after insert or update or delete on device_assignment
  for each row execute function move_readings();

create table telemetry_flush (
  writer        smallint not null,
  flush_no      bigint not null,
  committed_at  timestamptz not null default now(),
  rows          int not null,
  primary key (writer, flush_no)
);

-- A batch that was answered is answered again, never stored again.
create table telemetry_request (
  day         date not null,
  gateway_id  uuid not null,
  batch_key   text not null check (length(batch_key) between 1 and 64),
  body_hash   bigint not null,
  accepted    int not null,
  duplicates  int not null,
  unassigned  int not null,
  rejected    jsonb,
  primary key (day, gateway_id, batch_key)
) partition by range (day);

create function attach_range_partition(parent text, lower_bound text, upper_bound text, suffix text) returns void
  language plpgsql as $$
declare
  child text := parent || '_' || suffix;
  key   text := case parent when 'vitals' then 'recorded_at' else 'day' end;
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

-- Months of vitals and weeks of the request ledger that touch the window; safe to call again and concurrently.
create function ensure_telemetry_partitions(window_start timestamptz, window_end timestamptz) returns void
  language plpgsql as $$
declare
  at timestamptz;
begin
  perform pg_advisory_xact_lock(hashtext(current_schema() || '.ensure_telemetry_partitions'));
  for at in select generate_series(date_trunc('month', window_start), window_end, interval '1 month') loop
    perform attach_range_partition('vitals', at::text, (at + interval '1 month')::text, to_char(at, 'YYYYMM'));
  end loop;
  for at in select generate_series(date_trunc('week', window_start), window_end, interval '1 week') loop
    perform attach_range_partition('telemetry_request', at::date::text, (at + interval '1 week')::date::text, to_char(at, 'IYYY"w"IW'));
  end loop;
end $$;

do $$ begin
  -- Partitions belong to the owner, whoever asks for them.
  execute format('alter function ensure_telemetry_partitions(timestamptz, timestamptz) security definer set search_path = %I, public set timezone = ''UTC''', current_schema());
  revoke all on function ensure_telemetry_partitions(timestamptz, timestamptz) from public;
  execute format('grant execute on function ensure_telemetry_partitions(timestamptz, timestamptz) to %I', current_schema());
  execute format('grant select, insert, update on device, device_assignment to %I', current_schema());
  execute format('grant select on vitals, vitals_unassigned, vitals_erd, vitals_latest, telemetry_flush, telemetry_request to %I', current_schema());
  grant select on device, device_assignment to hms_ingest;
  grant select, insert, update on vitals, vitals_unassigned, vitals_latest, telemetry_request to hms_ingest;
  grant select, insert on telemetry_flush to hms_ingest;
  revoke all on function refresh_vitals_latest(uuid, timestamptz) from public;
  grant execute on function refresh_vitals_latest(uuid, timestamptz) to hms_ingest;
end $$;

select ensure_telemetry_partitions(now() - interval '35 days', now() + interval '35 days');
