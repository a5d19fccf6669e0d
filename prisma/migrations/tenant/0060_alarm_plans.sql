-- Up Migration

-- As before, but planned once for a connection and not at each call: they are called every second for each hospital with
-- open alarms, and in flushes.
create or replace function raise_pending(alarms uuid[]) returns int language plpgsql as $$
declare
  raised int;
begin
  if cardinality(alarms) = 0 then
    return 0;
  end if;
  with pending as (
    select id from alarm where id = any (alarms) and state = 'pending' order by id for no key update
  ), known as (
    update alarm a
       set state = 'raised', raised_at = clock_timestamp(),
           suppression_id = (select s.id from alarm_suppression s
                              where s.patient_id = a.patient_id and (s.rule is null or s.rule = a.rule)
                                and s.starts_at <= now() and s.ends_at > now()
                              order by s.ends_at desc limit 1)
      from pending p where a.id = p.id
    returning a.id, a.ward_id, a.priority, case when a.suppression_id is null then 'raised' else 'suppressed' end as became
  ), noted as (
    insert into alarm_event (alarm_id, kind) select id, became from known order by id
  ), told as (
    insert into public.outbox_event (id, hospital_id, type, payload)
    select public.uuid_v7(), h.id, 'alarm.' || became,
           jsonb_build_object('id', r.id, 'wardId', r.ward_id, 'priority', r.priority)
      from known r, public.hospital h where 'hospital_' || h.slug = current_schema()
  )
  select count(*)::int into raised from known;
  return raised;
end $$;

create or replace function look_at_pending(alarms uuid[]) returns setof alarm_look language plpgsql stable as $$
begin
  return query
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
   where a.id = any (alarms) and a.state = 'pending' and a.rule ~ '-(low|high|doubtful)$';
end $$;

create or replace function look_at_raised(alarms uuid[]) returns setof alarm_look language plpgsql stable as $$
begin
  return query
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
   where a.id = any (alarms) and a.state not in ('pending', 'resolved') and a.rule ~ '-(low|high|doubtful)$';
end $$;

create or replace function sweep_alarms(past uuid, most int, out raised int, out last uuid) language plpgsql as $$
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
  if cardinality(held) > 0 then
    update alarm a set started_at = l.since, last_seen_at = l.seen_at, updated_at = now()
      from unnest(looks) as l
     where a.id = any (held) and a.id = l.alarm_id and a.state = 'pending'
       and (l.verdict = 'restart' or l.verdict = 'raise' and l.since > a.started_at);
    update alarm a set last_seen_at = l.seen_at, normal_since = l.since, checked_until = l.looked_until
      from unnest(looks) as l
     where a.id = any (held) and a.id = l.alarm_id and a.state not in ('pending', 'resolved') and l.verdict = 'note';
  end if;
  raised := raise_pending(array(select l.alarm_id from unnest(looks) as l
                                 where l.verdict = 'raise' and l.alarm_id = any (held)));

  -- Whoever stores a reading that shows it holds it for share until then. Looked at again: with what they committed.
  held := array(select a.id from alarm a join unnest(looks) as l on l.alarm_id = a.id
                 where l.verdict in ('end', 'forget') order by a.id for update of a skip locked);
  if cardinality(held) > 0 then
    over := array(
      select l from look_at_pending(held) as l where l.verdict = 'forget'
      union all
      select l from look_at_raised(held) as l where l.verdict = 'end');
  end if;
  delete from alarm a using unnest(over) as l where a.id = l.alarm_id and l.verdict = 'forget';
  perform resolve_alarms(array_agg(l.alarm_id), array_agg(l.inside_until), array_agg(null::uuid))
     from unnest(over) as l where l.verdict = 'end' having count(*) > 0;
  last := case when cardinality(piece) = most then piece[most] end;
end $$;

do $$ begin
  execute format('alter function sweep_alarms(uuid, int) security definer set search_path = %I, public, pg_temp', current_schema());
  execute format('alter function look_at_raised(uuid[]) security definer set search_path = %I, public, pg_temp', current_schema());
end $$;
