-- Up Migration

alter table alarm_event drop constraint alarm_event_kind_check;
alter table alarm_event add constraint alarm_event_kind_check check (kind in
  ('raised', 'suppressed', 'unsuppressed', 'notified', 'acknowledged', 'escalated', 'noted', 'moved', 'resolved'));

-- Where an alarm is, people see too.
drop trigger advance_version on alarm;
create trigger advance_version before update on alarm for each row
  when ((old.state, old.priority, old.ward_id, old.suppression_id, old.escalation_level, old.acknowledged_by)
        is distinct from (new.state, new.priority, new.ward_id, new.suppression_id, new.escalation_level, new.acknowledged_by))
  execute function public.advance_version();

-- As before, and a `cause` says why alarms end that no reading ended.
drop function resolve_alarms(uuid[], timestamptz[], uuid[]);
create function resolve_alarms(alarms uuid[], times timestamptz[], successors uuid[], cause text default null)
  returns void language sql as $$
  with resolved as (
    update alarm a set state = 'resolved', ended_at = greatest(o.ended_at, a.started_at), normal_since = coalesce(a.normal_since, o.ended_at)
      from unnest(alarms, times, successors) as o (id, ended_at, successor)
     where a.id = o.id and a.state not in ('pending', 'resolved')
    returning a.id, a.ward_id, a.priority, o.successor
  ), noted as (
    insert into alarm_event (alarm_id, kind, detail)
    select id, 'resolved', nullif(jsonb_strip_nulls(jsonb_build_object('supersededBy', successor, 'cause', cause)), '{}')
      from resolved order by id
  )
  insert into public.outbox_event (id, hospital_id, type, payload)
  select public.uuid_v7(), h.id, 'alarm.resolved',
         jsonb_build_object('id', r.id, 'wardId', r.ward_id, 'priority', r.priority)
    from resolved r, public.hospital h where 'hospital_' || h.slug = current_schema()
$$;

-- Ends all of a patient's, with the newest reading that was looked at.
create function end_alarms(patient uuid, cause text) returns void language plpgsql as $$
declare
  open constant uuid[] := array(
    select id from alarm where patient_id = patient and state <> 'resolved' order by id for update);
begin
  delete from alarm where id = any (open) and state = 'pending';
  perform resolve_alarms(array_agg(id), array_agg(greatest(last_seen_at, checked_until)), array_agg(null::uuid), cause)
     from alarm where id = any (open) and state <> 'resolved' having count(*) > 0;
end $$;

-- Whoever died, or whose record was deleted, is monitored no longer.
create function end_alarms_of_patient() returns trigger language plpgsql as $$
begin
  perform end_alarms(new.id, case when new.deleted_at is null then 'patient-deceased' else 'patient-deleted' end);
  return null;
end $$;
create trigger end_alarms_of_patient after update of deceased_at, deleted_at on patient for each row
  when (old.deceased_at is null and new.deceased_at is not null or old.deleted_at is null and new.deleted_at is not null)
  execute function end_alarms_of_patient();

select end_alarms(p.id, case when p.deleted_at is null then 'patient-deceased' else 'patient-deleted' end)
  from patient p
 where (p.deceased_at is not null or p.deleted_at is not null)
   and exists (select from alarm a where a.patient_id = p.id and a.state <> 'resolved');

-- On which ward a patient is: that of the device that was put on last. Null for somebody who wears none.
create function ward_of(patient uuid, at timestamptz) returns uuid language sql stable as $$
  select ward_id from device_assignment where patient_id = patient and valid @> at
   order by lower(valid) desc, id desc limit 1
$$;

-- Takes locked alarms to the ward of their patient. Whoever looks after the patient now has been told nothing: what
-- nobody acknowledged is told from the first step on. Both wards hear of it.
create function take_along(alarms uuid[]) returns int language sql as $$
  with strayed as (
    select a.id, a.state, a.ward_id as left_ward, ward_of(a.patient_id, clock_timestamp()) as ward_id from alarm a
     where a.id = any (alarms) and a.state <> 'resolved'
  ), moved as (
    update alarm a
       set ward_id = s.ward_id, state = case a.state when 'notified' then 'raised' else a.state end,
           escalation_level = case a.state when 'acknowledged' then a.escalation_level else 0 end
      from strayed s where a.id = s.id and a.ward_id <> s.ward_id
    returning a.id, a.ward_id, s.left_ward, a.priority, a.state
  ), noted as (
    insert into alarm_event (alarm_id, kind, detail)
    select id, 'moved', jsonb_build_object('fromWardId', left_ward, 'toWardId', ward_id)
      from moved where state <> 'pending' order by id
  ), told as (
    insert into public.outbox_event (id, hospital_id, type, payload)
    select public.uuid_v7(), h.id, 'alarm.moved', jsonb_build_object('id', m.id, 'wardId', w.ward_id, 'priority', m.priority)
      from moved m, unnest(array[m.left_ward, m.ward_id]) as w (ward_id), public.hospital h
     where m.state <> 'pending' and 'hospital_' || h.slug = current_schema()
  )
  select count(*)::int from moved
$$;

-- Takes along all alarms whose patient is somewhere else now: an assignment that was planned ahead has begun, or a reading
-- of before came late. Leaves out what somebody else is at. Returns how many.
create function follow_patients() returns int language sql as $$
  select take_along(array(
    select id from alarm where state <> 'resolved' and ward_id <> ward_of(patient_id, clock_timestamp())
     order by id for no key update skip locked))
$$;

drop trigger move_open_alarms on device_assignment;
drop function move_open_alarms();
create function follow_patient() returns trigger language plpgsql as $$
begin
  perform take_along(array(
    select id from alarm where patient_id = new.patient_id and state <> 'resolved' order by id for no key update));
  return null;
end $$;
create trigger follow_patient after insert or update on device_assignment
  for each row execute function follow_patient();

-- Readings that came before it was said who wears the device are noted like any when they are claimed, if they are not
-- late by then. Doubtful values are about the device: its next reading tells of them.
create function note_claimed_readings() returns trigger language plpgsql as $$
declare
  before constant tstzmultirange :=
    case when tg_op = 'UPDATE' and (old.device_id, old.patient_id) = (new.device_id, new.patient_id)
         then tstzmultirange(old.valid) else '{}' end;
  gained constant tstzmultirange := tstzmultirange(new.valid) - before;
  -- as `lateAfterMs` in ingest
  since  constant timestamptz := now() - interval '10 minutes';
  worn   constant int := (select device_no from device where id = new.device_id);
begin
  if isempty(gained) or not exists (select from vitals where patient_id = new.patient_id and device_no = worn
                    and recorded_at >= since and recorded_at <@ gained) then
    return null;
  end if;
  perform note_breaches(array_agg(new.patient_id), array_agg(new.ward_id), array_agg(null::int), array_agg(beyond.limit_id),
                        array_agg(beyond.side), array_agg(beyond.first), array_agg(beyond.last), array_agg(beyond.value))
     from (select l.id as limit_id, side,
                  (extract(epoch from min(v.recorded_at)) * 1000000)::bigint as first,
                  (extract(epoch from max(v.recorded_at)) * 1000000)::bigint as last,
                  (array_agg(case side when 'low' then bound - excess else bound + excess end order by v.recorded_at desc))[1] as value
             from (select distinct vital from alarm_limit) as known
             cross join lateral limit_for(new.patient_id, new.ward_id, known.vital) as l
             cross join lateral (values ('low', l.low), ('high', l.high)) as sides (side, bound)
             join vitals v on v.patient_id = new.patient_id and v.device_no = worn and v.recorded_at >= since
                          and v.recorded_at <@ gained
             cross join lateral beyond_by(v, l.vital, side, bound) as excess
            where excess > 0
            group by l.id, side) as beyond
   having count(*) > 0;
  insert into score_due as due (patient_id) values (new.patient_id)
  on conflict (patient_id) do update set requested_at = clock_timestamp();
  return null;
end $$;
-- Behind `move_readings`: triggers of one event fire in the order of their names.
create trigger note_claimed_readings after insert or update on device_assignment
  for each row execute function note_claimed_readings();

do $$
declare
  signature text;
begin
  foreach signature in array array['end_alarms_of_patient()', 'follow_patient()', 'follow_patients()', 'note_claimed_readings()'] loop
    execute format('alter function %s security definer set search_path = %I, public, pg_temp', signature, current_schema());
  end loop;
  foreach signature in array array['end_alarms_of_patient()', 'follow_patient()', 'follow_patients()', 'note_claimed_readings()',
                                   'resolve_alarms(uuid[], timestamptz[], uuid[], text)', 'end_alarms(uuid, text)',
                                   'ward_of(uuid, timestamptz)', 'take_along(uuid[])'] loop
    execute format('revoke all on function %s from public', signature);
  end loop;
  grant execute on function follow_patients() to hms_ingest;
end $$;
