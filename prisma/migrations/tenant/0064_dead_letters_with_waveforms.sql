-- Up Migration

-- What else was measured: [{"lead", "hz", "scale", "origin", "samples" in base64}, …]
alter table telemetry_dead_letter add column waveforms jsonb;
drop index telemetry_dead_letter_open;
create unique index telemetry_dead_letter_open on telemetry_dead_letter
  (gateway_id, device, recorded_at, md5(reading::text || coalesce(message, '') || coalesce(waveforms::text, '')))
  where state = 'open';

-- As before, with its waveforms; without a vital sign it is no row of vitals. Waveforms of a time that is not kept any more
-- are left out, but not for all there is.
create or replace function replay_dead_letter(letter uuid, actor uuid) returns text language plpgsql as $$
declare
  dead    telemetry_dead_letter;
  worn    device;
  wearer  uuid;
  signs   constant text[] := (select array_agg(quote_ident(attname)) from pg_attribute
                               where attrelid = 'vitals'::regclass and attnum > 0 and not attisdropped
                                 and attname not in ('patient_id', 'recorded_at', 'device_no', 'flush_no', 'writer', 'flags'));
  measured boolean;
begin
  select * into strict dead from telemetry_dead_letter where id = letter for update;
  if dead.state <> 'open' then
    return 'decided';
  end if;
  measured := dead.reading ?| signs;
  if dead.message is not null or not measured and dead.waveforms is null then
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
  if measured then
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
  end if;
  insert into waveform (device_no, started_at, lead, hz, scale, origin, samples)
    select worn.device_no, dead.recorded_at, w.lead, w.hz, w.scale, w.origin, decode(w.samples, 'base64')
      from jsonb_to_recordset(dead.waveforms) w (lead text, hz smallint, scale real, origin real, samples text)
     where not measured or exists (select from range_partitions('waveform') p
                                    where p.since <= dead.recorded_at and dead.recorded_at < p.until)
    on conflict do nothing;
  update telemetry_dead_letter set state = 'replayed', decided_at = now(), decided_by = actor where id = letter;
  return null;
exception when data_exception or integrity_constraint_violation then
  return sqlstate;
end $$;

do $$ begin
  execute format('alter function replay_dead_letter(uuid, uuid) security definer set search_path = %I, public, pg_temp', current_schema());
  grant insert (waveforms) on telemetry_dead_letter to hms_ingest;
end $$;
