-- Up Migration

-- Ends alarms of scores at the times given, and makes those known that began.
create function settle_scores(begun uuid[], over uuid[], ends timestamptz[]) returns void language plpgsql as $$
begin
  if cardinality(over) > 0 then
    perform resolve_alarms(over, ends, array_fill(null::uuid, array[cardinality(over)]));
  end if;
  if cardinality(begun) > 0 then
    perform raise_pending(begun);
  end if;
end $$;

-- As before, but alarms of many patients are raised and ended together: one after the other cost milliseconds each.
create or replace function record_scores(results jsonb) returns setof uuid language plpgsql as $$
declare
  wellness constant interval := interval '30 seconds';
  late boolean;
  patient uuid;
  begun uuid[] := '{}';
  over uuid[] := '{}';
  ends timestamptz[] := '{}';
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
    -- Of one patient each score finds what the one before it made of the alarms.
    if r.patient = patient then
      perform settle_scores(begun, over, ends);
      begun := '{}';
      over := '{}';
      ends := '{}';
    end if;
    patient := r.patient;
    if r.changed and r.profile <> 'off' then
      insert into score_result as kept (patient_id, profile, profile_version, computed_for, total, partial, band, inputs, missing, retrospective)
      values (r.patient, r.profile, r.version, r.computed_for, r.total, r.partial, r.band, r.inputs, r.missing, r.retrospective)
      on conflict (patient_id, profile, computed_for) do update
        set total = excluded.total, partial = excluded.partial, band = excluded.band, inputs = excluded.inputs,
            missing = excluded.missing, retrospective = excluded.retrospective, profile_version = excluded.profile_version
        where kept.retrospective or not excluded.retrospective;
    end if;
    continue when r.retrospective;
    late := r.computed_for < now() - interval '10 minutes'
      or exists (select from score_result s where s.patient_id = r.patient and s.profile = r.profile
                    and s.computed_for > r.computed_for and not s.retrospective);
    continue when late and (r.alarm is null or exists (
      select from alarm o where o.patient_id = r.patient and o.kind = 'score' and o.rule = r.profile
         and (o.state <> 'resolved' or o.ended_at >= r.computed_for) and (o.priority = 'high' or r.alarm = 'medium')));

    perform resolve_alarms(array[o.id], array[r.computed_for], array[null::uuid])
       from alarm o where o.patient_id = r.patient and o.kind = 'score' and o.rule <> r.profile and o.state <> 'resolved' and not late;
    loop
      a := null;
      select * into a from alarm o
       where o.patient_id = r.patient and o.kind = 'score' and o.rule = r.profile and o.state <> 'resolved' for update;

      if r.alarm is null then
        -- Less is known than when it was raised, as after a cuff fell off: that is no recovery.
        continue scores when a.id is null
          or (r.total is null and exists (select from jsonb_object_keys(a.detail -> 'inputs') as known where not r.inputs ? known));
        if r.computed_for - a.normal_since >= wellness then
          over := over || a.id;
          ends := ends || r.computed_for;
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
               || case when late then '{"late": true}'::jsonb else '{}' end
        from (select greatest(r.computed_for, a.started_at + interval '1 microsecond') as began) as successive
      on conflict do nothing;
      exit when found;
    end loop;
    begun := begun || successor;
  end loop;
  perform settle_scores(begun, over, ends);
  return query select distinct o.patient_id from alarm o
    where o.kind = 'score' and o.state <> 'resolved'
      and o.patient_id in (select (e ->> 'patient')::uuid from jsonb_array_elements(results) as e);
end $$;

do $$ begin
  execute format('alter function record_scores(jsonb) security definer set search_path = %I, public, pg_temp', current_schema());
  revoke all on function settle_scores(uuid[], uuid[], timestamptz[]) from public;
  -- Whom the rescan recorded scores of are scored as they are now.
  grant insert, update on score_due to hms_ingest;
end $$;
