-- Up Migration

-- The newest values of a patient lie in one row: they are written every second, and a row for each value cost more than
-- storing the readings did. Numbers as in `vitals_latest`: true as 1, ACVPU as its place from 0.
create table vitals_newest (
  patient_id       uuid primary key,
  heart_rate       real,
  heart_rate_at    timestamptz,
  pulse_rate       real,
  pulse_rate_at    timestamptz,
  resp_rate        real,
  resp_rate_at     timestamptz,
  spo2             real,
  spo2_at          timestamptz,
  systolic         real,
  systolic_at      timestamptz,
  diastolic        real,
  diastolic_at     timestamptz,
  mean_bp          real,
  mean_bp_at       timestamptz,
  abp_systolic     real,
  abp_systolic_at  timestamptz,
  abp_diastolic    real,
  abp_diastolic_at timestamptz,
  abp_mean         real,
  abp_mean_at      timestamptz,
  temperature      real,
  temperature_at   timestamptz,
  etco2            real,
  etco2_at         timestamptz,
  fio2             real,
  fio2_at          timestamptz,
  on_oxygen        real,
  on_oxygen_at     timestamptz,
  acvpu            real,
  acvpu_at         timestamptz
) with (fillfactor = 50);

insert into vitals_newest
select patient_id,
       max(value) filter (where code = 'heartRate'), max(recorded_at) filter (where code = 'heartRate'),
       max(value) filter (where code = 'pulseRate'), max(recorded_at) filter (where code = 'pulseRate'),
       max(value) filter (where code = 'respiratoryRate'), max(recorded_at) filter (where code = 'respiratoryRate'),
       max(value) filter (where code = 'spo2'), max(recorded_at) filter (where code = 'spo2'),
       max(value) filter (where code = 'systolic'), max(recorded_at) filter (where code = 'systolic'),
       max(value) filter (where code = 'diastolic'), max(recorded_at) filter (where code = 'diastolic'),
       max(value) filter (where code = 'meanBloodPressure'), max(recorded_at) filter (where code = 'meanBloodPressure'),
       max(value) filter (where code = 'arterialSystolic'), max(recorded_at) filter (where code = 'arterialSystolic'),
       max(value) filter (where code = 'arterialDiastolic'), max(recorded_at) filter (where code = 'arterialDiastolic'),
       max(value) filter (where code = 'arterialMean'), max(recorded_at) filter (where code = 'arterialMean'),
       max(value) filter (where code = 'temperature'), max(recorded_at) filter (where code = 'temperature'),
       max(value) filter (where code = 'etco2'), max(recorded_at) filter (where code = 'etco2'),
       max(value) filter (where code = 'fio2'), max(recorded_at) filter (where code = 'fio2'),
       max(value) filter (where code = 'onOxygen'), max(recorded_at) filter (where code = 'onOxygen'),
       max(value) filter (where code = 'acvpu'), max(recorded_at) filter (where code = 'acvpu')
  from vitals_latest group by patient_id;

drop function refresh_vitals_latest(uuid, timestamptz);
drop table vitals_latest;

create view vitals_latest with (security_invoker = true) as
select newest.patient_id, sign.code, sign.value, sign.recorded_at
  from vitals_newest newest cross join lateral (values
         ('heartRate', heart_rate, heart_rate_at),
         ('pulseRate', pulse_rate, pulse_rate_at),
         ('respiratoryRate', resp_rate, resp_rate_at),
         ('spo2', spo2, spo2_at),
         ('systolic', systolic, systolic_at),
         ('diastolic', diastolic, diastolic_at),
         ('meanBloodPressure', mean_bp, mean_bp_at),
         ('arterialSystolic', abp_systolic, abp_systolic_at),
         ('arterialDiastolic', abp_diastolic, abp_diastolic_at),
         ('arterialMean', abp_mean, abp_mean_at),
         ('temperature', temperature, temperature_at),
         ('etco2', etco2, etco2_at),
         ('fio2', fio2, fio2_at),
         ('onOxygen', on_oxygen, on_oxygen_at),
         ('acvpu', acvpu, acvpu_at)
       ) as sign (code, value, recorded_at)
 where sign.recorded_at is not null;

-- Brings the patient's newest vitals up to what is stored since then; values that are newer stay.
create function refresh_vitals_latest(patient uuid, since timestamptz) returns void language sql begin atomic
  insert into vitals_newest as newest (
    patient_id,
    heart_rate, heart_rate_at,
    pulse_rate, pulse_rate_at,
    resp_rate, resp_rate_at,
    spo2, spo2_at,
    systolic, systolic_at,
    diastolic, diastolic_at,
    mean_bp, mean_bp_at,
    abp_systolic, abp_systolic_at,
    abp_diastolic, abp_diastolic_at,
    abp_mean, abp_mean_at,
    temperature, temperature_at,
    etco2, etco2_at,
    fio2, fio2_at,
    on_oxygen, on_oxygen_at,
    acvpu, acvpu_at)
  select patient,
         max(value) filter (where code = 'heartRate'), max(recorded_at) filter (where code = 'heartRate'),
         max(value) filter (where code = 'pulseRate'), max(recorded_at) filter (where code = 'pulseRate'),
         max(value) filter (where code = 'respiratoryRate'), max(recorded_at) filter (where code = 'respiratoryRate'),
         max(value) filter (where code = 'spo2'), max(recorded_at) filter (where code = 'spo2'),
         max(value) filter (where code = 'systolic'), max(recorded_at) filter (where code = 'systolic'),
         max(value) filter (where code = 'diastolic'), max(recorded_at) filter (where code = 'diastolic'),
         max(value) filter (where code = 'meanBloodPressure'), max(recorded_at) filter (where code = 'meanBloodPressure'),
         max(value) filter (where code = 'arterialSystolic'), max(recorded_at) filter (where code = 'arterialSystolic'),
         max(value) filter (where code = 'arterialDiastolic'), max(recorded_at) filter (where code = 'arterialDiastolic'),
         max(value) filter (where code = 'arterialMean'), max(recorded_at) filter (where code = 'arterialMean'),
         max(value) filter (where code = 'temperature'), max(recorded_at) filter (where code = 'temperature'),
         max(value) filter (where code = 'etco2'), max(recorded_at) filter (where code = 'etco2'),
         max(value) filter (where code = 'fio2'), max(recorded_at) filter (where code = 'fio2'),
         max(value) filter (where code = 'onOxygen'), max(recorded_at) filter (where code = 'onOxygen'),
         max(value) filter (where code = 'acvpu'), max(recorded_at) filter (where code = 'acvpu')
    from (select distinct on (sign.code) sign.code, sign.value, v.recorded_at
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
           order by sign.code, v.recorded_at desc) as found
  having count(*) > 0
  on conflict (patient_id) do update set
    heart_rate = case when excluded.heart_rate_at > coalesce(newest.heart_rate_at, '-infinity')
      then excluded.heart_rate else newest.heart_rate end,
    heart_rate_at = greatest(newest.heart_rate_at, excluded.heart_rate_at),
    pulse_rate = case when excluded.pulse_rate_at > coalesce(newest.pulse_rate_at, '-infinity')
      then excluded.pulse_rate else newest.pulse_rate end,
    pulse_rate_at = greatest(newest.pulse_rate_at, excluded.pulse_rate_at),
    resp_rate = case when excluded.resp_rate_at > coalesce(newest.resp_rate_at, '-infinity')
      then excluded.resp_rate else newest.resp_rate end,
    resp_rate_at = greatest(newest.resp_rate_at, excluded.resp_rate_at),
    spo2 = case when excluded.spo2_at > coalesce(newest.spo2_at, '-infinity')
      then excluded.spo2 else newest.spo2 end,
    spo2_at = greatest(newest.spo2_at, excluded.spo2_at),
    systolic = case when excluded.systolic_at > coalesce(newest.systolic_at, '-infinity')
      then excluded.systolic else newest.systolic end,
    systolic_at = greatest(newest.systolic_at, excluded.systolic_at),
    diastolic = case when excluded.diastolic_at > coalesce(newest.diastolic_at, '-infinity')
      then excluded.diastolic else newest.diastolic end,
    diastolic_at = greatest(newest.diastolic_at, excluded.diastolic_at),
    mean_bp = case when excluded.mean_bp_at > coalesce(newest.mean_bp_at, '-infinity')
      then excluded.mean_bp else newest.mean_bp end,
    mean_bp_at = greatest(newest.mean_bp_at, excluded.mean_bp_at),
    abp_systolic = case when excluded.abp_systolic_at > coalesce(newest.abp_systolic_at, '-infinity')
      then excluded.abp_systolic else newest.abp_systolic end,
    abp_systolic_at = greatest(newest.abp_systolic_at, excluded.abp_systolic_at),
    abp_diastolic = case when excluded.abp_diastolic_at > coalesce(newest.abp_diastolic_at, '-infinity')
      then excluded.abp_diastolic else newest.abp_diastolic end,
    abp_diastolic_at = greatest(newest.abp_diastolic_at, excluded.abp_diastolic_at),
    abp_mean = case when excluded.abp_mean_at > coalesce(newest.abp_mean_at, '-infinity')
      then excluded.abp_mean else newest.abp_mean end,
    abp_mean_at = greatest(newest.abp_mean_at, excluded.abp_mean_at),
    temperature = case when excluded.temperature_at > coalesce(newest.temperature_at, '-infinity')
      then excluded.temperature else newest.temperature end,
    temperature_at = greatest(newest.temperature_at, excluded.temperature_at),
    etco2 = case when excluded.etco2_at > coalesce(newest.etco2_at, '-infinity')
      then excluded.etco2 else newest.etco2 end,
    etco2_at = greatest(newest.etco2_at, excluded.etco2_at),
    fio2 = case when excluded.fio2_at > coalesce(newest.fio2_at, '-infinity')
      then excluded.fio2 else newest.fio2 end,
    fio2_at = greatest(newest.fio2_at, excluded.fio2_at),
    on_oxygen = case when excluded.on_oxygen_at > coalesce(newest.on_oxygen_at, '-infinity')
      then excluded.on_oxygen else newest.on_oxygen end,
    on_oxygen_at = greatest(newest.on_oxygen_at, excluded.on_oxygen_at),
    acvpu = case when excluded.acvpu_at > coalesce(newest.acvpu_at, '-infinity')
      then excluded.acvpu else newest.acvpu end,
    acvpu_at = greatest(newest.acvpu_at, excluded.acvpu_at);
end;

-- Takes out what was recorded then; true when there was any.
create function forget_vitals_latest(patient uuid, during tstzmultirange) returns boolean language sql begin atomic
  with forgotten as (
    update vitals_newest set
      heart_rate = case when heart_rate_at <@ during then null else heart_rate end,
      heart_rate_at = case when heart_rate_at <@ during then null else heart_rate_at end,
      pulse_rate = case when pulse_rate_at <@ during then null else pulse_rate end,
      pulse_rate_at = case when pulse_rate_at <@ during then null else pulse_rate_at end,
      resp_rate = case when resp_rate_at <@ during then null else resp_rate end,
      resp_rate_at = case when resp_rate_at <@ during then null else resp_rate_at end,
      spo2 = case when spo2_at <@ during then null else spo2 end,
      spo2_at = case when spo2_at <@ during then null else spo2_at end,
      systolic = case when systolic_at <@ during then null else systolic end,
      systolic_at = case when systolic_at <@ during then null else systolic_at end,
      diastolic = case when diastolic_at <@ during then null else diastolic end,
      diastolic_at = case when diastolic_at <@ during then null else diastolic_at end,
      mean_bp = case when mean_bp_at <@ during then null else mean_bp end,
      mean_bp_at = case when mean_bp_at <@ during then null else mean_bp_at end,
      abp_systolic = case when abp_systolic_at <@ during then null else abp_systolic end,
      abp_systolic_at = case when abp_systolic_at <@ during then null else abp_systolic_at end,
      abp_diastolic = case when abp_diastolic_at <@ during then null else abp_diastolic end,
      abp_diastolic_at = case when abp_diastolic_at <@ during then null else abp_diastolic_at end,
      abp_mean = case when abp_mean_at <@ during then null else abp_mean end,
      abp_mean_at = case when abp_mean_at <@ during then null else abp_mean_at end,
      temperature = case when temperature_at <@ during then null else temperature end,
      temperature_at = case when temperature_at <@ during then null else temperature_at end,
      etco2 = case when etco2_at <@ during then null else etco2 end,
      etco2_at = case when etco2_at <@ during then null else etco2_at end,
      fio2 = case when fio2_at <@ during then null else fio2 end,
      fio2_at = case when fio2_at <@ during then null else fio2_at end,
      on_oxygen = case when on_oxygen_at <@ during then null else on_oxygen end,
      on_oxygen_at = case when on_oxygen_at <@ during then null else on_oxygen_at end,
      acvpu = case when acvpu_at <@ during then null else acvpu end,
      acvpu_at = case when acvpu_at <@ during then null else acvpu_at end
     where patient_id = patient and exists (
       select from vitals_latest l where l.patient_id = patient and l.recorded_at <@ during)
    returning 1)
  select exists (select from forgotten);
end;

-- As it was, but for the newest vitals.
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
  forgotten boolean;
  newest  timestamptz;
begin
  if not isempty(lost) then
    execute format('with moved as (delete from %1$I.vitals where patient_id = $1 and %2$s returning %3$s)
                    insert into %1$I.vitals_unassigned (%3$s) select * from moved on conflict do nothing',
                   tg_table_schema, during, columns)
      using old.patient_id, old.device_id, lost;
    execute soil using old.patient_id, lost;
    execute format('select %I.forget_vitals_latest($1, $2)', tg_table_schema) into forgotten using old.patient_id, lost;
    if forgotten then
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
  execute format('grant select on vitals_newest, vitals_latest to %I', current_schema());
  grant select, insert, update on vitals_newest to hms_ingest;
  grant select on vitals_latest to hms_ingest;
  revoke all on function refresh_vitals_latest(uuid, timestamptz), forget_vitals_latest(uuid, tstzmultirange) from public;
  grant execute on function refresh_vitals_latest(uuid, timestamptz) to hms_ingest;
end $$;
