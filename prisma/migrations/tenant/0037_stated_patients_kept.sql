-- Up Migration

-- Whom senders named as the patient of readings that were of nobody when they came, or are again: whoever is found to have
-- worn the device has to be that patient. It stays when they are claimed, because they may move once more.
create table vitals_stated_patient (
  device_no    int not null,
  recorded_at  timestamptz not null,
  -- {"ids": […], "mrns": […]}, of which one has to be the patient's
  stated       jsonb not null
);
create unique index vitals_stated_patient_key on vitals_stated_patient (device_no, recorded_at, md5(stated::text));

create function is_stated_patient(stated jsonb, who uuid) returns boolean language sql stable
  return stated is null or stated -> 'ids' ? who::text
      or exists (select from patient p where p.id = who and stated -> 'mrns' ? p.mrn);
revoke all on function is_stated_patient(jsonb, uuid) from public;

-- As before, but a reading whose sender named its patient goes to nobody else.
create or replace function move_readings() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
    -- Bit 32 of the flags: the sender named the patient, who was the one it was stored for.
    execute format('with moved as (delete from %1$I.vitals where patient_id = $1 and %2$s returning %3$s),
                         told as (insert into %1$I.vitals_stated_patient (device_no, recorded_at, stated)
                                  select device_no, recorded_at,
                                         jsonb_build_object(''ids'', jsonb_build_array($1), ''mrns'', jsonb_build_array())
                                    from moved
                                   where flags & 32 <> 0 and not exists (
                                     select from %1$I.vitals_stated_patient s
                                      where (s.device_no, s.recorded_at) = (moved.device_no, moved.recorded_at))
                                  on conflict do nothing)
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
    execute format('with moved as (delete from %1$I.vitals_unassigned u where %2$s and not exists (
                           select from %1$I.vitals_stated_patient s
                            where (s.device_no, s.recorded_at) = (u.device_no, u.recorded_at)
                              and not %1$I.is_stated_patient(s.stated, $1))
                         returning %3$s),
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

-- What is kept for somebody to decide may name its patient, may be a refusal of ours, and may be a message as it came.
alter table telemetry_dead_letter
  add column stated  jsonb,
  -- Of what could not be read; `recorded_at` is when it came
  add column message text check (length(message) <= 16384),
  drop constraint telemetry_dead_letter_reason_check,
  -- SQLSTATE of the refusal, or the code it is told by
  add constraint telemetry_dead_letter_reason_check check (reason ~ '^([0-9A-Z]{5}|[a-z][a-z_.-]{2,63})$');
drop index telemetry_dead_letter_open;
create unique index telemetry_dead_letter_open
  on telemetry_dead_letter (gateway_id, device, recorded_at, md5(reading::text || coalesce(message, ''))) where state = 'open';

-- As before; it may also return 'unreadable', or 'wrong-patient' for a reading whose sender named somebody else.
create or replace function replay_dead_letter(letter uuid, actor uuid) returns text language plpgsql as $$
declare
  dead    telemetry_dead_letter;
  worn    device;
  wearer  uuid;
  signs   constant text[] := (select array_agg(quote_ident(attname)) from pg_attribute
                               where attrelid = 'vitals'::regclass and attnum > 0 and not attisdropped
                                 and attname not in ('patient_id', 'recorded_at', 'device_no', 'flush_no', 'writer', 'flags'));
begin
  select * into strict dead from telemetry_dead_letter where id = letter for update;
  if dead.state <> 'open' then
    return 'decided';
  end if;
  if dead.message is not null then
    return 'unreadable';
  end if;
  -- Until this commits no assignment of the device begins, which locks the device, and none changes.
  select * into worn from device where external_id = dead.device and gateway_id = dead.gateway_id for update;
  if not found then
    return 'unknown-device';
  end if;
  perform from device_assignment where device_id = worn.id for update;
  select patient_id into wearer from device_assignment where device_id = worn.id and valid @> dead.recorded_at;
  if wearer is not null and not is_stated_patient(dead.stated, wearer) then
    return 'wrong-patient';
  end if;
  if wearer is null and dead.stated is not null then
    insert into vitals_stated_patient (device_no, recorded_at, stated)
      values (worn.device_no, dead.recorded_at, dead.stated) on conflict do nothing;
  end if;
  execute format(
    'insert into %1$I as stored (patient_id, recorded_at, device_no, flush_no, writer, flags, %2$s)
     select $1, $2, $3, (extract(epoch from clock_timestamp()) * 1000000)::bigint, 0, coalesce(r.flags, 0), %3$s
       from jsonb_populate_record(null::vitals, $4) r
     on conflict (%4$s) do update set flags = stored.flags | excluded.flags, %5$s',
    case when wearer is null then 'vitals_unassigned' else 'vitals' end,
    array_to_string(signs, ', '),
    (select string_agg('r.' || sign, ', ') from unnest(signs) sign),
    case when wearer is null then 'device_no, recorded_at' else 'patient_id, recorded_at, device_no' end,
    (select string_agg(format('%1$s = coalesce(excluded.%1$s, stored.%1$s)', sign), ', ') from unnest(signs) sign))
    using wearer, dead.recorded_at, worn.device_no, dead.reading;
  if wearer is not null then
    insert into vitals_dirty (patient_id, since, until) values (wearer, dead.recorded_at, dead.recorded_at);
    if dead.recorded_at > now() - interval '1 day' then
      perform refresh_vitals_latest(wearer, dead.recorded_at);
    end if;
  end if;
  update telemetry_dead_letter set state = 'replayed', decided_at = now(), decided_by = actor where id = letter;
  return null;
exception when data_exception or integrity_constraint_violation then
  return sqlstate;
end $$;

do $$ begin
  execute format('alter function replay_dead_letter(uuid, uuid) security definer set search_path = %I, public, pg_temp', current_schema());
  execute format('grant select, delete on vitals_stated_patient to %I', current_schema());
  grant insert on vitals_stated_patient to hms_ingest;
  grant insert (stated, message) on telemetry_dead_letter to hms_ingest;
end $$;
