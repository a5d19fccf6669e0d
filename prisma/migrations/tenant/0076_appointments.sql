-- Up Migration

create table appointment (
  id                 uuid primary key,
  patient_id         uuid not null references patient,
  provider_id        uuid not null references resource,
  service_id         uuid not null references service_type,
  site_id            uuid not null references site,
  status             text not null check (status in ('held', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed',
                                                     'cancelled', 'rescheduled', 'no_show', 'entered_in_error')),
  during             tstzrange not null
                     check (not isempty(during) and lower_inc(during) and not lower_inf(during) and not upper_inc(during)
                            and not upper_inf(during)),
  -- What the patient was told the time in.
  tz_at_booking      text not null,
  reason             text check (length(reason) between 1 and 500),
  notes              text check (length(notes) between 1 and 2000),
  source             text not null default 'staff' check (length(source) between 1 and 50),
  contact_phone      text check (contact_phone ~ '^\+?[0-9 ().-]{4,30}$'),
  -- As they were shown when it was booked.
  doctor_name        text not null check (length(doctor_name) between 1 and 200),
  clinic_name        text not null check (length(clinic_name) between 1 and 200),
  overbook           boolean not null default false,
  overbook_reason    text check (length(overbook_reason) between 3 and 500),
  hold_expires_at    timestamptz,
  reschedule_of      uuid unique references appointment,
  token_no           int check (token_no > 0),
  cancelled_at       timestamptz,
  status_reason      text check (length(status_reason) between 1 and 500),
  -- Whether it keeps the patient from another one at its time: the hospital's setting when it was made.
  patient_exclusive  boolean not null default false,
  blocks             boolean not null generated always as
                     (status in ('held', 'booked', 'confirmed', 'checked_in', 'in_progress')) stored,
  version            int not null default 1,
  created_by         uuid,
  created_at         timestamptz not null default now(),
  -- Null: the platform itself.
  updated_by         uuid,
  updated_at         timestamptz not null default now(),
  check ((status = 'held') = (hold_expires_at is not null)),
  check (overbook = (overbook_reason is not null)),
  check (status <> 'entered_in_error' or status_reason is not null),
  constraint appointment_patient_no_overlap exclude using gist (patient_id with =, during with &&)
    where (blocks and patient_exclusive)
);
create index appointment_of_patient on appointment (patient_id, lower(during), id);
create index appointment_of_provider on appointment (provider_id, lower(during), id);
create index appointment_by_start on appointment (lower(during), id);
create index appointment_held on appointment (hold_expires_at) where status = 'held';

-- The seats an appointment takes, buffers included. Whether it takes them is kept by the appointment.
create table appointment_resource (
  appointment_id  uuid not null references appointment on delete cascade,
  resource_id     uuid not null references resource,
  seat_no         int not null check (seat_no between 1 and 100),
  during          tstzrange not null,
  blocks          boolean not null default true,
  overbook        boolean not null default false,
  -- Of a hold.
  expires_at      timestamptz,
  primary key (appointment_id, resource_id),
  constraint appointment_resource_no_overlap exclude using gist (resource_id with =, seat_no with =, during with &&)
    where (blocks and not overbook)
);
create index appointment_resource_busy on appointment_resource (resource_id, lower(during)) where blocks and not overbook;

-- What became of what, and who made it so.
create table state_history (
  id          uuid primary key default public.uuid_v7(),
  entity      text not null,
  entity_id   uuid not null,
  from_state  text,
  to_state    text not null,
  actor_id    uuid,
  reason      text,
  at          timestamptz not null default now()
);
create index state_history_of on state_history (entity, entity_id, id);

-- libs/contracts says the same (appointmentMoves), and a test that it does.
create function appointment_may_move(from_state text, to_state text) returns boolean language sql immutable parallel safe
  return case from_state
    when 'held' then to_state in ('booked', 'cancelled', 'entered_in_error')
    when 'booked' then to_state in ('confirmed', 'checked_in', 'cancelled', 'rescheduled', 'no_show', 'entered_in_error')
    when 'confirmed' then to_state in ('checked_in', 'cancelled', 'rescheduled', 'no_show', 'entered_in_error')
    when 'checked_in' then to_state in ('in_progress', 'cancelled', 'entered_in_error')
    when 'in_progress' then to_state in ('completed', 'entered_in_error')
    when 'entered_in_error' then false
    else to_state = 'entered_in_error'
  end;

do $$ begin
  execute format($create$
    create function guard_appointment() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    begin
      if tg_op = 'DELETE' then
        if old.status <> 'held' then
          raise exception 'only a hold is deleted' using errcode = 'check_violation', constraint = 'appointment_deleted';
        end if;
        return old;
      end if;
      if tg_op = 'INSERT' then
        if new.status not in ('held', 'booked') then
          raise exception 'an appointment begins held or booked' using errcode = 'check_violation', constraint = 'appointment_move';
        end if;
        -- Held until the commit: the setting does not change past those who book by it.
        select not s.patient_overlap into strict new.patient_exclusive from %1$I.scheduling_setting s for share;
        return new;
      end if;
      if (new.id, new.patient_id, new.provider_id, new.service_id, new.site_id, new.during, new.tz_at_booking, new.overbook,
          new.reschedule_of, new.created_by, new.created_at)
         is distinct from
         (old.id, old.patient_id, old.provider_id, old.service_id, old.site_id, old.during, old.tz_at_booking, old.overbook,
          old.reschedule_of, old.created_by, old.created_at) then
        raise exception 'an appointment is not moved to another time' using errcode = 'check_violation', constraint = 'appointment_rewritten';
      end if;
      if new.status <> old.status then
        if not %1$I.appointment_may_move(old.status, new.status) then
          raise exception 'an appointment does not go from %% to %%', old.status, new.status
            using errcode = 'check_violation', constraint = 'appointment_move';
        end if;
        new.hold_expires_at := null;
        if new.status = 'cancelled' then new.cancelled_at := now(); end if;
      end if;
      return new;
    end $body$;

    create function keep_appointment() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
      if tg_op = 'UPDATE' then
        if new.status = old.status then return null; end if;
        update %1$I.appointment_resource r set blocks = new.blocks, expires_at = new.hold_expires_at where r.appointment_id = new.id;
      end if;
      insert into %1$I.state_history (entity, entity_id, from_state, to_state, actor_id, reason)
      values ('appointment', new.id, case when tg_op = 'UPDATE' then old.status end, new.status, new.updated_by, new.status_reason);
      return null;
    end $body$;

    create function seat_appointment() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    declare
      of_whole tstzrange;
    begin
      select a.blocks, a.overbook, a.hold_expires_at, a.during into strict new.blocks, new.overbook, new.expires_at, of_whole
        from %1$I.appointment a where a.id = new.appointment_id;
      if not new.during @> of_whole then
        raise exception 'a seat is taken for the whole appointment' using errcode = 'check_violation', constraint = 'appointment_resource_short';
      end if;
      return new;
    end $body$;
  $create$, current_schema());
end $$;
revoke all on function keep_appointment() from public;

-- The setting is no part of what was agreed with the patient.
create trigger advance_version before update on appointment for each row
  when (old.patient_exclusive = new.patient_exclusive) execute function public.advance_version();
create trigger guard_appointment before insert or update or delete on appointment for each row execute function guard_appointment();
create trigger keep_appointment after insert or update on appointment for each row execute function keep_appointment();
create trigger seat_appointment before insert on appointment_resource for each row execute function seat_appointment();

do $$ begin
  execute format('grant select, insert, update, delete on appointment to %I', current_schema());
  execute format('grant select, insert (appointment_id, resource_id, seat_no, during) on appointment_resource to %I', current_schema());
  execute format('grant select on state_history to %I', current_schema());
end $$;
