-- Up Migration

-- How far readings were looked at to end an episode.
alter table alarm add column checked_until timestamptz;

-- A version is of what people see and decide on: that an episode goes on is none.
drop trigger advance_version on alarm;
create trigger advance_version before update on alarm for each row
  when ((old.state, old.priority, old.suppression_id, old.escalation_level, old.acknowledged_by)
        is distinct from (new.state, new.priority, new.suppression_id, new.escalation_level, new.acknowledged_by))
  execute function public.advance_version();

-- A decision about how somebody is scored reaches ingest like a limit does.
create trigger advance_ingest_epoch after insert or update on patient_monitoring
  for each statement execute function public.advance_ingest_epoch_of_schema();

-- How far a reading is beyond a bound, in the unit of the vital sign: positive beyond it, null when it says nothing about
-- it. A doubtful value (`readingFlag` in libs/contracts) says nothing about the patient, but is a condition of its device.
create function beyond_by(reading vitals, vital text, side text, bound real) returns real language sql stable as $$
  select case
           when side = 'doubtful' then case when doubtful then 1 else '-infinity'::real end
           when doubtful then null
           when bound is null then '-infinity'::real
           when side = 'low' then bound - value
           else value - bound
         end
    from (select case vital
                   when 'heartRate' then reading.heart_rate
                   when 'pulseRate' then reading.pulse_rate
                   when 'respiratoryRate' then reading.resp_rate
                   when 'spo2' then reading.spo2
                   when 'systolic' then reading.systolic
                   when 'diastolic' then reading.diastolic
                   when 'meanBloodPressure' then reading.mean_bp
                   when 'arterialSystolic' then reading.abp_systolic
                   when 'arterialDiastolic' then reading.abp_diastolic
                   when 'arterialMean' then reading.abp_mean
                   when 'temperature' then reading.temperature
                   when 'etco2' then reading.etco2
                   when 'fio2' then reading.fio2
                 end::real as value,
                 reading.flags & case vital when 'heartRate' then 2 when 'spo2' then 8 when 'temperature' then 16 else 0 end <> 0
                   as doubtful) as measured
   where value is not null
$$;

-- The limit that counts for a patient on a ward: the patient's, else the ward's, else the hospital's.
create function limit_for(patient uuid, ward uuid, code text) returns setof alarm_limit language sql stable rows 1 as $$
  select * from alarm_limit
   where vital = code and (patient_id = patient or ward_id = ward or (patient_id is null and ward_id is null))
   order by patient_id nulls last, ward_id nulls last limit 1
$$;

-- Makes pending alarms known: with the event a list shows, and the one that tells others. Returns how many.
create function raise_pending(alarms uuid[]) returns int language sql as $$
  with raised as (
    update alarm a
       set state = 'raised', raised_at = clock_timestamp(),
           suppression_id = (select s.id from alarm_suppression s
                              where s.patient_id = a.patient_id and (s.rule is null or s.rule = a.rule)
                                and s.starts_at <= now() and s.ends_at > now()
                              order by s.ends_at desc limit 1)
     where a.id = any (alarms) and a.state = 'pending'
    returning a.id, a.ward_id, a.priority, case when a.suppression_id is null then 'raised' else 'suppressed' end as became
  ), noted as (
    insert into alarm_event (alarm_id, kind) select id, became from raised order by id
  ), told as (
    insert into public.outbox_event (id, hospital_id, type, payload)
    select public.uuid_v7(), h.id, 'alarm.' || became,
           jsonb_build_object('id', r.id, 'wardId', r.ward_id, 'priority', r.priority)
      from raised r, public.hospital h where 'hospital_' || h.slug = current_schema()
  )
  select count(*)::int from raised
$$;

-- Ends alarms at the times given. `successor` says which alarm goes on in their place.
create function resolve_alarms(alarms uuid[], times timestamptz[], successors uuid[]) returns void language sql as $$
  with resolved as (
    update alarm a set state = 'resolved', ended_at = greatest(o.ended_at, a.started_at), normal_since = coalesce(a.normal_since, o.ended_at)
      from unnest(alarms, times, successors) as o (id, ended_at, successor)
     where a.id = o.id and a.state not in ('pending', 'resolved')
    returning a.id, a.ward_id, a.priority, o.successor
  ), noted as (
    insert into alarm_event (alarm_id, kind, detail)
    select id, 'resolved', case when successor is not null then jsonb_build_object('supersededBy', successor) end
      from resolved order by id
  )
  insert into public.outbox_event (id, hospital_id, type, payload)
  select public.uuid_v7(), h.id, 'alarm.resolved',
         jsonb_build_object('id', r.id, 'wardId', r.ward_id, 'priority', r.priority)
    from resolved r, public.hospital h where 'hospital_' || h.slug = current_schema()
$$;

create type breach as (
  patient_id uuid, ward_id uuid, device_id uuid, rule text, vital text, side text, bound real, priority text,
  persistence interval, first_at timestamptz, last_at timestamptz, value real
);

-- Called by the transaction that stores readings, after it wrote them, with what of them is beyond a limit: an entry for
-- each patient, limit and side ('low', 'high'; 'doubtful' is about the device, which is given then). Times are
-- microseconds since 1970. Called again with the same it changes nothing. Returns how many alarms it raised.
create function note_breaches(
  patients uuid[], wards uuid[], devices int[], limits uuid[], sides text[], firsts bigint[], lasts bigint[], measured real[]
) returns int language plpgsql as $$
declare
  breaches constant breach[] := array(
    select row (b.patient_id, b.ward_id, d.id, l.vital || '-' || b.side, l.vital, b.side,
                case b.side when 'low' then l.low when 'high' then l.high end,
                case when b.side = 'doubtful' then 'medium' else l.priority end,
                l.persist_seconds * interval '1 second', timestamptz 'epoch' + b.first * interval '1 microsecond',
                timestamptz 'epoch' + b.last * interval '1 microsecond', b.value)::breach
      from unnest(patients, wards, devices, limits, sides, firsts, lasts, measured)
             as b (patient_id, ward_id, device_no, limit_id, side, first, last, value)
      join alarm_limit l on l.id = b.limit_id
      join patient p on p.id = b.patient_id and p.deceased_at is null and p.deleted_at is null
      left join device d on d.device_no = b.device_no
     -- In one order, so that two who do this at once wait for each other instead of blocking each other.
     order by b.patient_id, l.vital, b.side, b.device_no);
begin
  -- What ends episodes locks them harder: what goes on here cannot end unseen, and who acknowledges is not held up.
  perform from alarm a join unnest(breaches) as b
      on a.patient_id = b.patient_id and a.rule = b.rule and a.device_id is not distinct from b.device_id
   where a.state <> 'resolved' order by a.patient_id, a.rule for key share of a;

  insert into alarm (id, kind, rule, patient_id, ward_id, device_id, priority, state, started_at, last_seen_at, value, limit_value)
  select public.uuid_v7(), case when device_id is null then 'limit' else 'technical' end, rule, patient_id, ward_id, device_id,
         priority, 'pending',
         -- Readings sent again belong to the episode they were of.
         greatest(first_at, (select max(ended_at) + interval '1 microsecond' from alarm a
                              where a.patient_id = b.patient_id and a.rule = b.rule
                                and a.device_id is not distinct from b.device_id and a.ended_at < b.last_at)),
         last_at, value, bound
    from unnest(breaches) as b
   where not exists (select from alarm a
                      where a.patient_id = b.patient_id and a.rule = b.rule and a.device_id is not distinct from b.device_id
                        and (a.state <> 'resolved' or b.last_at between a.started_at and a.ended_at))
   order by patient_id, rule, device_id
  on conflict do nothing;

  -- A reading that came late may be the first one of its episode.
  update alarm a set started_at = b.first_at from unnest(breaches) as b
   where a.patient_id = b.patient_id and a.rule = b.rule and a.device_id is not distinct from b.device_id
     and a.state <> 'resolved' and b.first_at < a.started_at
     and not exists (select from alarm o where o.patient_id = b.patient_id and o.rule = b.rule
                        and o.device_id is not distinct from b.device_id and o.ended_at >= b.first_at);

  return raise_pending(array(
    select a.id from alarm a join unnest(breaches) as b
        on a.patient_id = b.patient_id and a.rule = b.rule and a.device_id is not distinct from b.device_id
     where a.state = 'pending' and greatest(b.last_at, a.last_seen_at) - a.started_at >= b.persistence
       and (b.persistence = interval '0' or not exists (
             select from vitals v
              where v.patient_id = a.patient_id and v.recorded_at between a.started_at and greatest(b.last_at, a.last_seen_at)
                and (a.device_id is null or v.device_no = (select device_no from device where id = a.device_id))
                and beyond_by(v, b.vital, b.side, b.bound) <= 0))
     order by a.id));
end $$;

-- What follows from the readings stored since, for open alarms of limits and doubtful values: a pending one is raised when
-- nothing contradicted it for long enough, whether it was seen again or not, and forgotten when something did; any other
-- ends after half a minute of normal readings. Returns how many alarms it raised.
create function sweep_alarms() returns int language plpgsql as $$
declare
  wellness constant interval := interval '30 seconds';
  -- Readings may overtake each other by this much, and progress is kept this often.
  slack constant interval := interval '30 seconds';
  notes constant interval := interval '15 seconds';
  open constant uuid[] := array(
    select id from alarm where state <> 'resolved' and rule ~ '-(low|high|doubtful)$' order by id for update skip locked);
  due uuid[] := '{}';
  over uuid[] := '{}';
  ends timestamptz[] := '{}';
  since timestamptz;
  a record;
begin
  for a in
    select alarm.*, coalesce(l.persist_seconds, 0) * interval '1 second' as persistence, seen.*
      from alarm
      left join device d on d.id = alarm.device_id
      left join lateral limit_for(patient_id, ward_id, split_part(rule, '-', 1)) as l on true
      cross join lateral (
        with shown as materialized (
          select v.recorded_at as at,
                 beyond_by(v, split_part(rule, '-', 1), split_part(rule, '-', 2),
                           case split_part(rule, '-', 2) when 'low' then l.low else l.high end) as beyond
            from vitals v
           where v.patient_id = alarm.patient_id and (alarm.device_id is null or v.device_no = d.device_no)
             and v.recorded_at >= case state when 'pending' then started_at else greatest(last_seen_at, checked_until - slack) end
        ), newest as (
          select greatest(last_seen_at, max(at) filter (where beyond > 0)) as beyond_at, max(at) as shown_until,
                 max(at) filter (where beyond <= 0 and at > started_at) as contradicted_at
            from shown
        )
        select newest.*,
               min(at) filter (where beyond > 0 and at > contradicted_at) as again_at,
               min(at) filter (where beyond <= -coalesce(l.hysteresis, 0) and at > beyond_at) as normal_from,
               max(at) filter (where beyond <= -coalesce(l.hysteresis, 0) and at > beyond_at) as normal_until
          from newest left join shown on true
         group by newest.beyond_at, newest.shown_until, newest.contradicted_at
      ) as seen
     where alarm.id = any (open)
  loop
    if a.state = 'pending' then
      if a.again_at is not null then
        update alarm set started_at = a.again_at, last_seen_at = a.beyond_at, updated_at = now() where id = a.id;
      elsif a.contradicted_at is not null then
        delete from alarm where id = a.id;
      elsif a.beyond_at - a.started_at >= a.persistence or now() - a.updated_at >= a.persistence then
        due := due || a.id;
      end if;
    else
      since := case when a.beyond_at >= a.normal_since then a.normal_from else coalesce(a.normal_since, a.normal_from) end;
      if a.normal_until - since >= wellness then
        over := over || a.id;
        ends := ends || a.normal_until;
      end if;
      if since is distinct from a.normal_since or a.shown_until > coalesce(a.checked_until, a.started_at) + notes then
        update alarm set last_seen_at = a.beyond_at, normal_since = since, checked_until = a.shown_until where id = a.id;
      end if;
    end if;
  end loop;
  perform resolve_alarms(over, ends, array_fill(null::uuid, array[cardinality(over)]));
  return raise_pending(due);
end $$;

-- Keeps scores that differ from the patient's previous one, and lets alarms follow from those that are not of late
-- readings. Entries of `results`: patient, ward (null where nobody is to be told), profile ('off': not scored), version,
-- at (microseconds since 1970), total, partial, band, inputs, points, missing, retrospective, alarm (its priority or null),
-- changed. Called again with the same it changes nothing. Returns the patients with an open alarm of a score.
create function record_scores(results jsonb) returns setof uuid language plpgsql as $$
declare
  wellness constant interval := interval '30 seconds';
  r record;
  a alarm;
  successor uuid;
begin
  for r in
    select e.*, timestamptz 'epoch' + e.at * interval '1 microsecond' as computed_for
      from jsonb_to_recordset(results) as e (patient uuid, ward uuid, profile text, version text, at bigint, total smallint,
             partial smallint, band text, inputs jsonb, points jsonb, missing text[], retrospective boolean, alarm text, changed boolean)
      join patient p on p.id = e.patient and p.deceased_at is null and p.deleted_at is null
     order by e.patient, e.at
  loop
    if r.changed and r.profile <> 'off' then
      insert into score_result as kept (patient_id, profile, profile_version, computed_for, total, partial, band, inputs, missing, retrospective)
      values (r.patient, r.profile, r.version, r.computed_for, r.total, r.partial, r.band, r.inputs, r.missing, r.retrospective)
      on conflict (patient_id, profile, computed_for) do update
        set total = excluded.total, partial = excluded.partial, band = excluded.band, inputs = excluded.inputs,
            missing = excluded.missing, retrospective = excluded.retrospective, profile_version = excluded.profile_version
        where kept.retrospective or not excluded.retrospective;
    end if;
    continue when r.retrospective or r.computed_for < now() - interval '10 minutes'
      or exists (select from score_result s where s.patient_id = r.patient and s.profile = r.profile
                    and s.computed_for > r.computed_for and not s.retrospective);

    perform resolve_alarms(array[o.id], array[r.computed_for], array[null::uuid])
       from alarm o where o.patient_id = r.patient and o.kind = 'score' and o.rule <> r.profile and o.state <> 'resolved';
    a := null;
    select * into a from alarm o
     where o.patient_id = r.patient and o.kind = 'score' and o.rule = r.profile and o.state <> 'resolved' for update;

    if r.alarm is null then
      -- Less is known than when it was raised, as after a cuff fell off: that is no recovery.
      continue when a.id is null
        or (r.total is null and exists (select from jsonb_object_keys(a.detail -> 'inputs') as known where not r.inputs ? known));
      if r.computed_for - a.normal_since >= wellness then
        perform resolve_alarms(array[a.id], array[r.computed_for], array[null::uuid]);
      elsif a.normal_since is null then
        update alarm set normal_since = r.computed_for where id = a.id;
      end if;
    elsif a.id is null or (a.priority = 'medium' and r.alarm = 'high') then
      continue when r.ward is null or exists (
        select from alarm o where o.patient_id = r.patient and o.rule = r.profile and o.state = 'resolved'
           and r.computed_for between o.started_at and o.ended_at);
      successor := public.uuid_v7();
      perform resolve_alarms(array[a.id], array[r.computed_for - interval '1 microsecond'], array[successor]) where a.id is not null;
      insert into alarm (id, kind, rule, patient_id, ward_id, priority, state, started_at, last_seen_at, value, detail)
      values (successor, 'score', r.profile, r.patient, r.ward, r.alarm, 'pending', r.computed_for, r.computed_for,
              coalesce(r.total, r.partial), jsonb_build_object('band', r.band, 'points', r.points, 'inputs', r.inputs, 'missing', r.missing))
      on conflict do nothing;
      perform raise_pending(array[successor]);
    else
      update alarm set normal_since = null, last_seen_at = r.computed_for where id = a.id and normal_since is not null;
    end if;
  end loop;
  return query select distinct o.patient_id from alarm o
    where o.kind = 'score' and o.state <> 'resolved'
      and o.patient_id in (select (e ->> 'patient')::uuid from jsonb_array_elements(results) as e);
end $$;

do $$
declare
  signature text;
begin
  -- Ingest may do this and nothing else with alarms.
  foreach signature in array array['note_breaches(uuid[], uuid[], int[], uuid[], text[], bigint[], bigint[], real[])',
                                   'sweep_alarms()', 'record_scores(jsonb)'] loop
    execute format('alter function %s security definer set search_path = %I, public, pg_temp', signature, current_schema());
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to hms_ingest', signature);
  end loop;
  foreach signature in array array['raise_pending(uuid[])', 'resolve_alarms(uuid[], timestamptz[], uuid[])',
                                   'beyond_by(vitals, text, text, real)', 'limit_for(uuid, uuid, text)'] loop
    execute format('revoke all on function %s from public', signature);
  end loop;
end $$;
