-- Up Migration

-- When an episode began is no key of it: a late reading may move it, and must not wait for all who hold the alarm for
-- share then. What is open is unique by `alarm_open`. A silence that somebody ended is not raised again.
create index alarm_by_rule on alarm (patient_id, rule, device_id, started_at);
alter table alarm drop constraint alarm_patient_id_rule_device_id_started_at_key;
create unique index alarm_silence on alarm (patient_id, device_id, started_at) where rule = 'device-silent';

create index alarm_resolved_by_ward on alarm (ward_id, raised_at desc, id desc)
  where state = 'resolved' and raised_at is not null;
create index score_result_newest on score_result (patient_id, computed_for desc, profile);

-- As before, in one order.
create or replace function raise_pending(alarms uuid[]) returns int language sql as $$
  with pending as (
    select id from alarm where id = any (alarms) and state = 'pending' order by id for no key update
  ), raised as (
    update alarm a
       set state = 'raised', raised_at = clock_timestamp(),
           suppression_id = (select s.id from alarm_suppression s
                              where s.patient_id = a.patient_id and (s.rule is null or s.rule = a.rule)
                                and s.starts_at <= now() and s.ends_at > now()
                              order by s.ends_at desc limit 1)
      from pending p where a.id = p.id
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

-- As before, but: the start of an episode is moved without waiting for whoever else shows it, and of several devices on
-- one patient only one that showed the breach can contradict it.
create or replace function note_breaches(
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
  earlier uuid[];
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
  earlier := array(
    select a.id from alarm a join unnest(breaches) as b
        on a.patient_id = b.patient_id and a.rule = b.rule and a.device_id is not distinct from b.device_id
     where a.state <> 'resolved' and b.first_at < a.started_at
       and not exists (select from alarm o where o.patient_id = b.patient_id and o.rule = b.rule
                          and o.device_id is not distinct from b.device_id and o.ended_at >= b.first_at));
  if cardinality(earlier) > 0 then
    -- With what is raised below, which locks in this order too.
    perform from alarm a join unnest(breaches) as b
        on a.patient_id = b.patient_id and a.rule = b.rule and a.device_id is not distinct from b.device_id
     where a.state = 'pending' or a.id = any (earlier) order by a.id for no key update of a;
    update alarm a set started_at = b.first_at from unnest(breaches) as b
     where a.id = any (earlier) and a.patient_id = b.patient_id and a.rule = b.rule
       and a.device_id is not distinct from b.device_id and a.state <> 'resolved' and b.first_at < a.started_at;
  end if;

  return raise_pending(array(
    select a.id from alarm a join unnest(breaches) as b
        on a.patient_id = b.patient_id and a.rule = b.rule and a.device_id is not distinct from b.device_id
     where a.state = 'pending' and greatest(b.last_at, a.last_seen_at) - a.started_at >= b.persistence
       and (b.persistence = interval '0' or not exists (
             select from vitals v
              where v.patient_id = a.patient_id and v.recorded_at between a.started_at and greatest(b.last_at, a.last_seen_at)
                and (a.device_id is null or v.device_no = (select device_no from device where id = a.device_id))
                and beyond_by(v, b.vital, b.side, b.bound) <= 0
                -- `offset 0`: looked at for the few readings that could contradict, and for no other.
                and exists (select from vitals shown
                             where shown.patient_id = a.patient_id and shown.device_no = v.device_no
                               and shown.recorded_at >= a.started_at and shown.recorded_at < v.recorded_at
                               and beyond_by(shown, b.vital, b.side, b.bound) > 0 offset 0)))
     order by a.id));
end $$;

-- What the stored readings say of an open alarm of a limit or of doubtful values, and what follows:
-- 'raise', 'restart' (a later reading is the first of it), 'forget', 'end', 'note' (how far was looked), or nothing.
create type alarm_look as (
  alarm_id      uuid,
  verdict       text,
  -- since when: of a pending one beyond the limit, of any other inside it
  since         timestamptz,
  -- of the newest reading inside it
  inside_until  timestamptz,
  -- of the newest reading that shows the condition
  seen_at       timestamptz,
  -- of the newest reading at all
  looked_until  timestamptz
);

-- A pending one is raised when one device showed it for long enough without contradicting itself, or when nothing
-- contradicted it for long enough since it came, whether it was seen again or not.
create function look_at_pending(alarms uuid[]) returns setof alarm_look language sql stable as $$
  select a.id,
         case
           when seen.lasting_from is not null or seen.open_until - seen.open_from >= persistence
                or seen.open_from is not null and now() - a.updated_at >= persistence then 'raise'
           when seen.open_from is null then 'forget'
           when seen.contradicted and seen.open_from > a.started_at then 'restart'
         end,
         case when seen.contradicted then greatest(a.started_at, least(seen.lasting_from, seen.open_from)) else a.started_at end,
         null::timestamptz, greatest(a.last_seen_at, seen.open_until), seen.looked_until
    from alarm a
    left join device d on d.id = a.device_id
    left join lateral limit_for(a.patient_id, a.ward_id, split_part(a.rule, '-', 1)) as l on true
    cross join lateral (select coalesce(l.persist_seconds, 0) * interval '1 second' as persistence) as rule
    cross join lateral (
      with shown as materialized (
        select v.recorded_at as at, v.device_no,
               beyond_by(v, split_part(a.rule, '-', 1), split_part(a.rule, '-', 2),
                         case split_part(a.rule, '-', 2) when 'low' then l.low else l.high end) as beyond
          from vitals v
         where v.patient_id = a.patient_id and (a.device_id is null or v.device_no = d.device_no)
           and v.recorded_at >= a.started_at
      ), numbered as (
        select at, device_no, beyond > 0 as is_beyond,
               count(*) filter (where beyond <= 0) over (partition by device_no order by at) as run,
               count(*) filter (where beyond <= 0) over (partition by device_no) as last_run
          from shown
         where beyond is not null
           -- What an ended episode covers is of that episode.
           and not (beyond > 0 and exists (
                 select from alarm o where o.patient_id = a.patient_id and o.rule = a.rule
                    and o.device_id is not distinct from a.device_id and at between o.started_at and o.ended_at))
      ), runs as (
        select min(at) as first, max(at) as last, run = last_run as is_open
          from numbered where is_beyond group by device_no, run, last_run
      )
      select min(first) filter (where last - first >= persistence) as lasting_from,
             min(first) filter (where is_open) as open_from, max(last) filter (where is_open) as open_until,
             coalesce(bool_or(not is_open), false) as contradicted, (select max(at) from shown) as looked_until
        from runs
    ) as seen
   where a.id = any (alarms) and a.state = 'pending' and a.rule ~ '-(low|high|doubtful)$'
$$;

-- One that was raised ends after half a minute of readings inside the limit.
create function look_at_raised(alarms uuid[]) returns setof alarm_look language sql stable as $$
  select a.id,
         case
           -- of readings inside the limit
           when seen.normal_until - inside.since >= interval '30 seconds' then 'end'
           -- Progress is kept this often.
           when inside.since is distinct from a.normal_since
                or seen.shown_until > coalesce(a.checked_until, a.started_at) + interval '15 seconds' then 'note'
         end,
         inside.since, seen.normal_until, seen.beyond_at, greatest(seen.shown_until, a.checked_until)
    from alarm a
    left join device d on d.id = a.device_id
    left join lateral limit_for(a.patient_id, a.ward_id, split_part(a.rule, '-', 1)) as l on true
    cross join lateral (
      with shown as materialized (
        select v.recorded_at as at,
               beyond_by(v, split_part(a.rule, '-', 1), split_part(a.rule, '-', 2),
                         case split_part(a.rule, '-', 2) when 'low' then l.low else l.high end) as beyond
          from vitals v
         where v.patient_id = a.patient_id and (a.device_id is null or v.device_no = d.device_no)
           -- Readings may overtake each other by this much.
           and v.recorded_at >= greatest(a.last_seen_at, a.checked_until - interval '30 seconds')
      ), newest as (
        select greatest(a.last_seen_at, max(at) filter (where beyond > 0)) as beyond_at, max(at) as shown_until from shown
      )
      select newest.*,
             min(at) filter (where beyond <= -coalesce(l.hysteresis, 0) and at > beyond_at) as normal_from,
             max(at) filter (where beyond <= -coalesce(l.hysteresis, 0) and at > beyond_at) as normal_until
        from newest left join shown on true
       group by newest.beyond_at, newest.shown_until
    ) as seen
    cross join lateral (
      select case when seen.beyond_at >= a.normal_since then seen.normal_from
                  else coalesce(a.normal_since, seen.normal_from) end as since
    ) as inside
   where a.id = any (alarms) and a.state not in ('pending', 'resolved') and a.rule ~ '-(low|high|doubtful)$'
$$;

-- Does what follows from the readings stored since, for at most so many open alarms with ids past the given one. Says how
-- many it raised, and which was the last it looked at when there may be more. It looks without a lock. What changes is
-- locked in one order, and left to the next time where somebody else is at it.
create function sweep_alarms(past uuid, most int, out raised int, out last uuid) language plpgsql as $$
declare
  piece constant uuid[] := array(
    select id from alarm
     where state <> 'resolved' and rule ~ '-(low|high|doubtful)$' and (past is null or id > past) order by id limit most);
  looks constant alarm_look[] := array(
    select l from look_at_pending(piece) as l where l.verdict is not null
    union all
    select l from look_at_raised(piece) as l where l.verdict is not null);
  held uuid[];
  over alarm_look[];
begin
  held := array(select a.id from alarm a join unnest(looks) as l on l.alarm_id = a.id
                 where l.verdict in ('raise', 'restart', 'note') order by a.id for no key update of a skip locked);
  update alarm a set started_at = l.since, last_seen_at = l.seen_at, updated_at = now()
    from unnest(looks) as l
   where a.id = any (held) and a.id = l.alarm_id and a.state = 'pending'
     and (l.verdict = 'restart' or l.verdict = 'raise' and l.since > a.started_at);
  update alarm a set last_seen_at = l.seen_at, normal_since = l.since, checked_until = l.looked_until
    from unnest(looks) as l
   where a.id = any (held) and a.id = l.alarm_id and a.state not in ('pending', 'resolved') and l.verdict = 'note';
  raised := raise_pending(array(select l.alarm_id from unnest(looks) as l
                                 where l.verdict = 'raise' and l.alarm_id = any (held)));

  -- Whoever stores a reading that shows it holds it for share until then. Looked at again: with what they committed.
  held := array(select a.id from alarm a join unnest(looks) as l on l.alarm_id = a.id
                 where l.verdict in ('end', 'forget') order by a.id for update of a skip locked);
  over := array(
    select l from look_at_pending(held) as l where l.verdict = 'forget'
    union all
    select l from look_at_raised(held) as l where l.verdict = 'end');
  delete from alarm a using unnest(over) as l where a.id = l.alarm_id and l.verdict = 'forget';
  perform resolve_alarms(array_agg(l.alarm_id), array_agg(l.inside_until), array_agg(null::uuid))
     from unnest(over) as l where l.verdict = 'end' having count(*) > 0;
  last := case when cardinality(piece) = most then piece[most] end;
end $$;

-- For processes of the release before.
create or replace function sweep_alarms() returns int language sql as 'select raised from sweep_alarms(null, 500)';

-- As before, but: an alarm that rises at the very time it began goes on a microsecond later, and what another process
-- opened meanwhile is looked at instead of taken for this one.
create or replace function record_scores(results jsonb) returns setof uuid language plpgsql as $$
declare
  wellness constant interval := interval '30 seconds';
  r record;
  a alarm;
  successor uuid;
begin
  <<scores>>
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
    loop
      a := null;
      select * into a from alarm o
       where o.patient_id = r.patient and o.kind = 'score' and o.rule = r.profile and o.state <> 'resolved' for update;

      if r.alarm is null then
        -- Less is known than when it was raised, as after a cuff fell off: that is no recovery.
        continue scores when a.id is null
          or (r.total is null and exists (select from jsonb_object_keys(a.detail -> 'inputs') as known where not r.inputs ? known));
        if r.computed_for - a.normal_since >= wellness then
          perform resolve_alarms(array[a.id], array[r.computed_for], array[null::uuid]);
        elsif a.normal_since is null then
          update alarm set normal_since = r.computed_for where id = a.id;
        end if;
        continue scores;
      elsif a.id is not null and not (a.priority = 'medium' and r.alarm = 'high') then
        update alarm set normal_since = null, last_seen_at = greatest(last_seen_at, r.computed_for)
         where id = a.id and normal_since is not null;
        continue scores;
      end if;
      continue scores when r.ward is null or exists (
        select from alarm o where o.patient_id = r.patient and o.rule = r.profile and o.state = 'resolved'
           and r.computed_for between o.started_at and o.ended_at);
      successor := public.uuid_v7();
      perform resolve_alarms(array[a.id], array[r.computed_for - interval '1 microsecond'], array[successor]) where a.id is not null;
      insert into alarm (id, kind, rule, patient_id, ward_id, priority, state, started_at, last_seen_at, value, detail)
      select successor, 'score', r.profile, r.patient, r.ward, r.alarm, 'pending', began, began,
             coalesce(r.total, r.partial), jsonb_build_object('band', r.band, 'points', r.points, 'inputs', r.inputs, 'missing', r.missing)
        from (select greatest(r.computed_for, a.started_at + interval '1 microsecond') as began) as successive
      on conflict do nothing;
      exit when found;
    end loop;
    perform raise_pending(array[successor]);
  end loop;
  return query select distinct o.patient_id from alarm o
    where o.kind = 'score' and o.state <> 'resolved'
      and o.patient_id in (select (e ->> 'patient')::uuid from jsonb_array_elements(results) as e);
end $$;

do $$
declare
  signature text;
begin
  foreach signature in array array['note_breaches(uuid[], uuid[], int[], uuid[], text[], bigint[], bigint[], real[])',
                                   'sweep_alarms()', 'sweep_alarms(uuid, int)', 'record_scores(jsonb)'] loop
    execute format('alter function %s security definer set search_path = %I, public, pg_temp', signature, current_schema());
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to hms_ingest', signature);
  end loop;
  -- Whoever ends an alarm by hand looks, too.
  execute format('alter function look_at_raised(uuid[]) security definer set search_path = %I, public, pg_temp', current_schema());
  execute format('grant execute on function look_at_raised(uuid[]) to %I', current_schema());
  -- Of those that act as the owner only the owner makes triggers.
  foreach signature in array array['look_at_pending(uuid[])', 'look_at_raised(uuid[])'] || array(
    select oid::regprocedure::text from pg_proc
     where pronamespace = current_schema()::regnamespace and prosecdef and prorettype = 'trigger'::regtype) loop
    execute format('revoke all on function %s from public', signature);
  end loop;
end $$;
