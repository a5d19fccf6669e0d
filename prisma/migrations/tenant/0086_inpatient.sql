-- Up Migration

create table room (
  id          uuid primary key,
  ward_id     uuid not null references ward,
  name        text not null check (length(name) between 1 and 50),
  created_by  uuid not null,
  created_at  timestamptz not null default now(),
  unique (ward_id, name),
  unique (ward_id, id)
);

alter table bed
  add column room_id         uuid,
  add column class           text not null default 'general'
                             check (class in ('general', 'semi-private', 'private', 'isolation', 'high-dependency', 'intensive-care',
                                              'maternity', 'paediatric', 'neonatal')),
  add column features        text[] not null default '{}'
                             check (features <@ array['oxygen', 'suction', 'monitor', 'ventilator', 'negative-pressure', 'bariatric',
                                                      'telemetry', 'cot']),
  add column status          text not null default 'available'
                             check (status in ('available', 'reserved', 'occupied', 'cleaning', 'blocked')),
  -- The admission it is kept for.
  add column reserved_for    uuid,
  add column blocked_reason  text check (length(blocked_reason) between 3 and 500),
  add column version         int not null default 1,
  add column updated_by      uuid,
  add column updated_at      timestamptz not null default now(),
  add constraint bed_room foreign key (ward_id, room_id) references room (ward_id, id),
  add constraint bed_reserved check ((status = 'reserved') = (reserved_for is not null)),
  add constraint bed_blocked check ((status = 'blocked') = (blocked_reason is not null));
create index bed_of_room on bed (ward_id, room_id) where room_id is not null;

create table admission (
  id                  uuid primary key,
  patient_id          uuid not null references patient,
  encounter_id        uuid not null unique,
  state               text not null check (state in ('requested', 'accepted', 'admitted', 'discharge_ordered', 'discharge_ready',
                                                     'discharged', 'cancelled', 'absconded', 'deceased', 'left_against_advice')),
  -- The ward that is asked; then that of the bed.
  ward_id             uuid not null references ward,
  -- FHIR admit-source.
  source              text not null check (source in ('hosp-trans', 'emd', 'outp', 'born', 'gp', 'mp', 'nursing', 'psych', 'rehab',
                                                      'other')),
  urgency             text not null check (urgency in ('elective', 'urgent', 'emergency')),
  bed_class           text,
  reason              text not null check (length(reason) between 1 and 1000),
  -- In public.app_user.
  attending_id        uuid,
  expected_discharge  date,
  status_reason       text check (length(status_reason) between 3 and 500),
  requested_at        timestamptz not null,
  admitted_at         timestamptz,
  left_at             timestamptz,
  version             int not null default 1,
  created_by          uuid not null,
  created_at          timestamptz not null default now(),
  updated_by          uuid not null,
  updated_at          timestamptz not null default now(),
  foreign key (patient_id, encounter_id) references encounter (patient_id, id),
  constraint admission_came check (state in ('requested', 'accepted', 'cancelled') or admitted_at is not null),
  constraint admission_left check ((state in ('discharged', 'absconded', 'deceased', 'left_against_advice')) = (left_at is not null)),
  constraint admission_stay check (left_at > admitted_at),
  constraint admission_explained check (state <> 'cancelled' or status_reason is not null)
);
create unique index admission_open on admission (patient_id)
  where state in ('requested', 'accepted', 'admitted', 'discharge_ordered', 'discharge_ready');
create index admission_of_patient on admission (patient_id, id desc);
create index admission_of_ward on admission (ward_id, id)
  where state in ('requested', 'accepted', 'admitted', 'discharge_ordered', 'discharge_ready');

alter table bed add constraint bed_reserved_for foreign key (reserved_for) references admission;
create unique index bed_reserved_once on bed (reserved_for) where reserved_for is not null;

-- Who lay where, and when. It ends when the patient leaves the bed, never at the order.
create table bed_assignment (
  id            uuid primary key,
  bed_id        uuid not null references bed,
  encounter_id  uuid not null references admission (encounter_id),
  during        tstzrange not null
                check (not isempty(during) and lower_inc(during) and not lower_inf(during) and not upper_inc(during)),
  reason        text not null check (length(reason) between 1 and 500),
  created_by    uuid not null,
  created_at    timestamptz not null default now(),
  ended_by      uuid,
  check (upper_inf(during) = (ended_by is null)),
  constraint bed_assignment_bed_no_overlap exclude using gist (bed_id with =, during with &&),
  constraint bed_assignment_encounter_no_overlap exclude using gist (encounter_id with =, during with &&)
);
create unique index bed_assignment_now on bed_assignment (bed_id) where upper_inf(during);
create unique index bed_assignment_of_encounter_now on bed_assignment (encounter_id) where upper_inf(during);

create table transfer_request (
  id            uuid primary key,
  admission_id  uuid not null references admission,
  to_ward_id    uuid not null references ward,
  bed_class     text,
  reason        text not null check (length(reason) between 3 and 500),
  status        text not null default 'requested' check (status in ('requested', 'completed', 'cancelled')),
  requested_at  timestamptz not null,
  created_by    uuid not null,
  closed_at     timestamptz,
  closed_by     uuid,
  close_reason  text check (length(close_reason) between 3 and 500),
  check ((status = 'requested') = (closed_at is null)),
  check ((closed_at is null) = (closed_by is null)),
  check (status <> 'cancelled' or close_reason is not null)
);
create unique index transfer_request_open on transfer_request (admission_id) where status = 'requested';
create index transfer_request_to_ward on transfer_request (to_ward_id) where status = 'requested';

create table discharge (
  admission_id  uuid primary key references admission,
  -- FHIR discharge-disposition.
  type          text not null check (type in ('home', 'alt-home', 'other-hcf', 'hosp', 'long', 'rehab', 'snf', 'psy', 'aadvice',
                                               'exp', 'oth')),
  -- Null when the patient left without.
  ordered_at    timestamptz,
  ordered_by    uuid,
  ready_at      timestamptz,
  ready_by      uuid,
  left_at       timestamptz,
  left_by       uuid,
  follow_up     jsonb not null default '[]' check (jsonb_typeof(follow_up) = 'array'),
  -- What the platform does not know by itself, as it was stated.
  score_inputs  jsonb not null default '{}',
  check ((ordered_at is null) = (ordered_by is null)),
  check ((ready_at is null) = (ready_by is null)),
  check ((left_at is null) = (left_by is null))
);

create table discharge_waiver (
  admission_id  uuid not null references admission,
  item          text not null check (item in ('unsigned-notes', 'no-diagnosis', 'open-alarms', 'incomplete-scores', 'open-transfer')),
  reason        text not null check (length(reason) between 3 and 500),
  waived_by     uuid not null,
  waived_at     timestamptz not null default now(),
  primary key (admission_id, item)
);

create table readmission_score (
  id            uuid primary key,
  admission_id  uuid not null references admission,
  profile       text not null,
  version       text not null,
  inputs        jsonb not null,
  total         smallint,
  partial       smallint not null,
  band          text not null,
  missing       text[] not null,
  computed_by   uuid not null,
  computed_at   timestamptz not null default now(),
  unique (admission_id, profile, version),
  check ((total is null) = (cardinality(missing) > 0))
);

-- An encounter whose patient has left waits for its records, not for its patient: who comes back is admitted.
drop index encounter_open_inpatient;
create unique index encounter_open_inpatient on encounter (patient_id)
  where class = 'IMP' and status in ('arrived', 'triaged', 'in-progress', 'onleave') and ended_at is null;

-- libs/contracts says the same (admissionMoves, bedMoves), and a test that it does.
create function admission_may_move(from_state text, to_state text) returns boolean language sql immutable parallel safe
  return case from_state
    when 'requested' then to_state in ('accepted', 'cancelled')
    when 'accepted' then to_state in ('admitted', 'cancelled')
    when 'admitted' then to_state in ('discharge_ordered', 'absconded', 'deceased', 'left_against_advice')
    when 'discharge_ordered' then to_state in ('admitted', 'discharge_ready', 'absconded', 'deceased', 'left_against_advice')
    when 'discharge_ready' then to_state in ('admitted', 'discharged', 'absconded', 'deceased', 'left_against_advice')
    else false
  end;
create function bed_may_move(from_state text, to_state text) returns boolean language sql immutable parallel safe
  return case from_state
    when 'available' then to_state in ('reserved', 'occupied', 'cleaning', 'blocked')
    when 'reserved' then to_state in ('available', 'occupied')
    when 'occupied' then to_state = 'cleaning'
    when 'cleaning' then to_state in ('available', 'blocked')
    when 'blocked' then to_state in ('available', 'cleaning')
    else false
  end;

do $$ begin
  execute format($create$
    create function guard_admission() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    begin
      if tg_op = 'INSERT' then
        if new.state <> 'requested' then
          raise exception 'an admission begins with a request' using errcode = 'check_violation', constraint = 'admission_move';
        end if;
        return new;
      end if;
      if (new.id, new.patient_id, new.encounter_id, new.requested_at, new.created_by, new.created_at)
         is distinct from (old.id, old.patient_id, old.encounter_id, old.requested_at, old.created_by, old.created_at)
         or (old.admitted_at is not null and new.admitted_at is distinct from old.admitted_at) then
        raise exception 'whose admission it is does not change' using errcode = 'check_violation', constraint = 'admission_rewritten';
      end if;
      if new.state <> old.state and not %1$I.admission_may_move(old.state, new.state) then
        raise exception 'an admission does not go from %% to %%', old.state, new.state
          using errcode = 'check_violation', constraint = 'admission_move';
      end if;
      return new;
    end $body$;

    -- Where the patient is and what the admission says are one: checked when all of the transaction is done.
    create function check_stay() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    declare
      now_in record;
    begin
      select a.id, a.state, b.ward_id as bed_ward, a.ward_id, p.ward_id as patient_ward into now_in
        from %1$I.admission a
        join %1$I.patient p on p.id = a.patient_id
        left join %1$I.bed_assignment s on s.encounter_id = a.encounter_id and upper_inf(s.during)
        left join %1$I.bed b on b.id = s.bed_id
       where a.encounter_id = new.encounter_id;
      if (now_in.state in ('admitted', 'discharge_ordered', 'discharge_ready')) <> (now_in.bed_ward is not null)
         or now_in.bed_ward <> now_in.ward_id
         or (now_in.bed_ward is not null and now_in.patient_ward is distinct from now_in.bed_ward) then
        raise exception 'an inpatient lies in one bed, and on its ward' using errcode = 'check_violation', constraint = 'admission_bed';
      end if;
      return null;
    end $body$;

    create function keep_admission() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
      if tg_op = 'UPDATE' and new.state = old.state then return null; end if;
      insert into %1$I.state_history (entity, entity_id, from_state, to_state, actor_id, reason)
      values ('admission', new.id, case when tg_op = 'UPDATE' then old.state end, new.state, new.updated_by, new.status_reason);
      return null;
    end $body$;

    create function guard_bed() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    declare
      lies boolean;
    begin
      if tg_op = 'INSERT' then
        if new.status <> 'available' then
          raise exception 'a bed begins available' using errcode = 'check_violation', constraint = 'bed_move';
        end if;
        return new;
      end if;
      if (new.id, new.ward_id) is distinct from (old.id, old.ward_id) then
        raise exception 'a bed stays on its ward' using errcode = 'check_violation', constraint = 'bed_rewritten';
      end if;
      if not new.active and new.status in ('reserved', 'occupied') then
        raise exception 'a bed in use stays active' using errcode = 'check_violation', constraint = 'bed_in_use';
      end if;
      if new.status = old.status then
        if new.reserved_for is distinct from old.reserved_for then
          raise exception 'a reserved bed is released first' using errcode = 'check_violation', constraint = 'bed_move';
        end if;
        return new;
      end if;
      lies := exists (select from %1$I.bed_assignment a where a.bed_id = new.id and upper_inf(a.during));
      if not %1$I.bed_may_move(old.status, new.status) or lies <> (new.status = 'occupied') then
        raise exception 'a bed does not go from %% to %%', old.status, new.status
          using errcode = 'check_violation', constraint = 'bed_move';
      end if;
      return new;
    end $body$;

    create function keep_bed() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
      insert into %1$I.state_history (entity, entity_id, from_state, to_state, actor_id, reason)
      values ('bed', new.id, old.status, new.status, new.updated_by, new.blocked_reason);
      return null;
    end $body$;

    -- Whoever wants the bed waits for whoever is at it: one lies down, the others find it taken.
    create function guard_bed_assignment() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    declare
      place record;
    begin
      if tg_op = 'UPDATE' then
        if not upper_inf(old.during) or upper_inf(new.during)
           or (new.id, new.bed_id, new.encounter_id, lower(new.during), new.reason, new.created_by)
              is distinct from (old.id, old.bed_id, old.encounter_id, lower(old.during), old.reason, old.created_by) then
          raise exception 'a bed assignment is ended, once' using errcode = 'check_violation', constraint = 'bed_assignment_rewritten';
        end if;
        return new;
      end if;
      select b.status, b.active, b.reserved_for, w.active as open into place
        from %1$I.bed b join %1$I.ward w on w.id = b.ward_id where b.id = new.bed_id for no key update of b;
      if not found then return new; end if;
      if not upper_inf(new.during) or not place.active or not place.open or (place.status <> 'available' and not exists (
           select from %1$I.admission a where a.encounter_id = new.encounter_id and a.id = place.reserved_for)) then
        raise exception 'the bed is not free' using errcode = 'check_violation', constraint = 'bed_not_free';
      end if;
      return new;
    end $body$;

    create function keep_bed_assignment() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    begin
      update %1$I.bed b
         set status = case when upper_inf(new.during) then 'occupied' else 'cleaning' end, reserved_for = null,
             updated_by = coalesce(new.ended_by, new.created_by)
       where b.id = new.bed_id;
      return null;
    end $body$;

    -- Where an inpatient lies is said by the bed alone.
    create function guard_patient_ward() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    begin
      if exists (select from %1$I.admission a
                   join %1$I.bed_assignment s on s.encounter_id = a.encounter_id and upper_inf(s.during)
                   join %1$I.bed b on b.id = s.bed_id
                  where a.patient_id = new.id and b.ward_id is distinct from new.ward_id) then
        raise exception 'the patient lies in a bed of another ward' using errcode = 'check_violation', constraint = 'patient_in_bed';
      end if;
      return new;
    end $body$;
  $create$, current_schema());
end $$;
revoke all on function keep_admission() from public;
revoke all on function keep_bed() from public;

create trigger advance_version before update on bed for each row execute function public.advance_version();
create trigger advance_version before update on admission for each row execute function public.advance_version();
create trigger guard_admission before insert or update on admission for each row execute function guard_admission();
create trigger keep_admission after insert or update on admission for each row execute function keep_admission();
create trigger record_change after insert or update on admission for each row execute function record_change();
create constraint trigger check_stay after insert or update on admission deferrable initially deferred
  for each row execute function check_stay();
create trigger guard_bed before insert or update on bed for each row execute function guard_bed();
create trigger keep_bed after update on bed for each row when (old.status <> new.status) execute function keep_bed();
create trigger guard_bed_assignment before insert or update on bed_assignment for each row execute function guard_bed_assignment();
create trigger keep_bed_assignment after insert or update on bed_assignment for each row execute function keep_bed_assignment();
create constraint trigger check_stay after insert or update on bed_assignment deferrable initially deferred
  for each row execute function check_stay();
create trigger guard_patient_ward before update on patient for each row
  when (old.ward_id is distinct from new.ward_id) execute function guard_patient_ward();

do $$ begin
  execute format('grant select, insert on room, discharge_waiver, readmission_score to %I', current_schema());
  execute format('grant select, insert, update on admission, discharge to %I', current_schema());
  execute format('grant select, insert, update (during, ended_by) on bed_assignment to %I', current_schema());
  execute format('grant select, insert, update (status, closed_at, closed_by, close_reason) on transfer_request to %I', current_schema());
end $$;
