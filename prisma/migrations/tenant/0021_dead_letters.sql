-- Up Migration

-- Readings the database refused, kept in the transaction that stored the rest of their batch, until somebody decides.
create table telemetry_dead_letter (
  id              uuid primary key default gen_random_uuid(),
  received_at     timestamptz not null default now(),
  -- in public.gateway
  gateway_id      uuid not null,
  device          text not null,
  recorded_at     timestamptz not null,
  -- SQLSTATE of the refusal
  reason          text not null check (reason ~ '^[0-9A-Z]{5}$'),
  -- what was measured, by column of vitals
  reading         jsonb not null,
  state           text not null default 'open' check (state in ('open', 'replayed', 'discarded')),
  decided_at      timestamptz,
  decided_by      uuid,
  discard_reason  text check (length(discard_reason) between 3 and 500),
  check ((state = 'open') = (decided_at is null) and (state = 'open') = (decided_by is null)),
  check ((state = 'discarded') = (discard_reason is not null))
);
-- A client that sends it again, although it was told not to, adds nothing.
create unique index telemetry_dead_letter_open on telemetry_dead_letter (gateway_id, device, recorded_at, md5(reading::text))
  where state = 'open';
create index telemetry_dead_letter_by_time on telemetry_dead_letter (received_at desc, id desc);

-- Stores the reading as if it came now, for whoever wore the device when it was recorded. Returns null, or why not:
-- 'decided', 'unknown-device', or the SQLSTATE of another refusal.
create function replay_dead_letter(letter uuid, actor uuid) returns text language plpgsql as $$
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
  -- Until this commits no assignment of the device begins, which locks the device, and none changes.
  select * into worn from device where external_id = dead.device and gateway_id = dead.gateway_id for update;
  if not found then
    return 'unknown-device';
  end if;
  perform from device_assignment where device_id = worn.id for update;
  select patient_id into wearer from device_assignment where device_id = worn.id and valid @> dead.recorded_at;
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
  execute format('alter function replay_dead_letter(uuid, uuid) security definer set search_path = %I, public', current_schema());
  revoke all on function replay_dead_letter(uuid, uuid) from public;
  execute format('grant execute on function replay_dead_letter(uuid, uuid) to %I', current_schema());
  execute format('grant select, update (state, decided_at, decided_by, discard_reason), delete on telemetry_dead_letter to %I', current_schema());
  grant insert (gateway_id, device, recorded_at, reason, reading), select (id) on telemetry_dead_letter to hms_ingest;
end $$;
