-- Up Migration

-- One stay with the hospital, from the first encounter to the end of the last.
create table visit (
  id          uuid primary key,
  patient_id  uuid not null references patient,
  site_id     uuid references site,
  opened_at   timestamptz not null,
  closed_at   timestamptz check (closed_at >= opened_at),
  version     int not null default 1,
  created_by  uuid not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  unique (patient_id, id)
);
create index visit_of_patient on visit (patient_id, opened_at desc, id desc);

-- FHIR Encounter: what happens between a patient and those who care for them.
create table encounter (
  id               uuid primary key,
  patient_id       uuid not null references patient,
  visit_id         uuid not null,
  appointment_id   uuid unique references appointment,
  -- HL7 v3 ActCode: ambulatory, emergency, inpatient, virtual, home health.
  class            text not null check (class in ('AMB', 'EMER', 'IMP', 'VR', 'HH')),
  status           text not null check (status in ('planned', 'arrived', 'triaged', 'in-progress', 'onleave', 'finished',
                                                   'cancelled', 'entered-in-error')),
  -- In public.app_user: who answers for the care.
  responsible_id   uuid,
  chief_complaint  text check (length(chief_complaint) between 1 and 1000),
  -- Emergency Severity Index, 1 the most urgent.
  acuity           smallint check (acuity between 1 and 5),
  disposition      text check (disposition in ('home', 'admitted', 'transferred', 'left-against-advice', 'left-unseen', 'deceased',
                                               'other')),
  status_reason    text check (length(status_reason) between 3 and 500),
  planned_for      timestamptz,
  started_at       timestamptz,
  ended_at         timestamptz,
  version          int not null default 1,
  created_by       uuid not null,
  created_at       timestamptz not null default now(),
  updated_by       uuid not null,
  updated_at       timestamptz not null default now(),
  unique (patient_id, id),
  foreign key (patient_id, visit_id) references visit (patient_id, id),
  check (ended_at >= started_at),
  constraint encounter_started check (status in ('planned', 'cancelled', 'entered-in-error') or started_at is not null),
  constraint encounter_ended check ((status = 'finished') <= (ended_at is not null)),
  constraint encounter_triaged check (status <> 'triaged' or acuity is not null),
  constraint encounter_disposed check (status <> 'finished' or disposition is not null),
  constraint encounter_explained check (status not in ('cancelled', 'entered-in-error') or status_reason is not null)
);
create unique index encounter_open_inpatient on encounter (patient_id)
  where class = 'IMP' and status in ('arrived', 'triaged', 'in-progress', 'onleave');
create index encounter_of_patient on encounter (patient_id, id desc);
create index encounter_open on encounter (status, started_at, id) where status in ('planned', 'arrived', 'triaged', 'in-progress', 'onleave');
create index encounter_of_visit on encounter (visit_id);

create table encounter_diagnosis (
  id                    uuid primary key,
  encounter_id          uuid not null references encounter,
  -- ICD-10 code as it is written, with its dot.
  code                  text not null check (code ~ '^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$'),
  display               text not null check (length(display) between 1 and 400),
  -- 1 is the principal one.
  rank                  smallint not null check (rank between 1 and 50),
  -- CMS indicator: yes, no, unknown, clinically undetermined.
  present_on_admission  text not null default 'Y' check (present_on_admission in ('Y', 'N', 'U', 'W')),
  created_by            uuid not null,
  created_at            timestamptz not null default now(),
  removed_at            timestamptz,
  removed_by            uuid,
  check ((removed_at is null) = (removed_by is null))
);
create unique index encounter_diagnosis_once on encounter_diagnosis (encounter_id, code) where removed_at is null;
create unique index encounter_diagnosis_rank on encounter_diagnosis (encounter_id, rank) where removed_at is null;

alter table note
  add column encounter_id uuid,
  add constraint note_encounter foreign key (patient_id, encounter_id) references encounter (patient_id, id);
create index note_of_encounter on note (encounter_id) where encounter_id is not null;

-- One row.
create table encounter_setting (
  one                  boolean primary key default true check (one),
  -- What has to be there before an encounter is finished.
  needs_diagnosis      boolean not null default true,
  needs_signed_notes   boolean not null default true,
  version              int not null default 1,
  updated_at           timestamptz not null default now()
);
insert into encounter_setting default values;

-- libs/contracts says the same (encounterMoves), and a test that it does.
create function encounter_may_move(from_state text, to_state text) returns boolean language sql immutable parallel safe
  return case from_state
    when 'planned' then to_state in ('arrived', 'cancelled', 'entered-in-error')
    when 'arrived' then to_state in ('triaged', 'in-progress', 'cancelled', 'entered-in-error')
    when 'triaged' then to_state in ('in-progress', 'finished', 'entered-in-error')
    when 'in-progress' then to_state in ('onleave', 'finished', 'entered-in-error')
    when 'onleave' then to_state in ('in-progress', 'finished', 'entered-in-error')
    when 'entered-in-error' then false
    else to_state = 'entered-in-error'
  end;

do $$ begin
  execute format($create$
    create function guard_encounter() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    declare
      setting record;
    begin
      if tg_op = 'INSERT' then
        if new.status not in ('planned', 'arrived') then
          raise exception 'an encounter begins planned or arrived' using errcode = 'check_violation', constraint = 'encounter_move';
        end if;
        return new;
      end if;
      if (new.id, new.patient_id, new.visit_id, new.class, new.created_by, new.created_at)
         is distinct from (old.id, old.patient_id, old.visit_id, old.class, old.created_by, old.created_at) then
        raise exception 'whose encounter it is does not change' using errcode = 'check_violation', constraint = 'encounter_rewritten';
      end if;
      if new.status = old.status then return new; end if;
      if not %1$I.encounter_may_move(old.status, new.status) then
        raise exception 'an encounter does not go from %% to %%', old.status, new.status
          using errcode = 'check_violation', constraint = 'encounter_move';
      end if;
      if new.status = 'finished' then
        select s.needs_diagnosis, s.needs_signed_notes into strict setting from %1$I.encounter_setting s;
        if setting.needs_diagnosis
           and not exists (select from %1$I.encounter_diagnosis d where d.encounter_id = new.id and d.removed_at is null) then
          raise exception 'a diagnosis is missing' using errcode = 'check_violation', constraint = 'encounter_undiagnosed';
        end if;
        if setting.needs_signed_notes
           and exists (select from %1$I.note n where n.encounter_id = new.id and n.status = 'current' and n.signed_at is null
                          and not exists (select from %1$I.note r where r.parent_id = n.id and r.relation = 'revision')) then
          raise exception 'a note is not signed' using errcode = 'check_violation', constraint = 'encounter_unsigned';
        end if;
      end if;
      return new;
    end $body$;

    create function keep_encounter() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
      if tg_op = 'UPDATE' and new.status = old.status then return null; end if;
      insert into %1$I.state_history (entity, entity_id, from_state, to_state, actor_id, reason)
      values ('encounter', new.id, case when tg_op = 'UPDATE' then old.status end, new.status, new.updated_by, new.status_reason);
      -- The visit ends with the last of its encounters.
      update %1$I.visit v set closed_at = case when open.any then null else greatest(v.opened_at, now()) end
        from (select exists (select from %1$I.encounter e where e.visit_id = new.visit_id
                                and e.status in ('planned', 'arrived', 'triaged', 'in-progress', 'onleave')) as any) open
       where v.id = new.visit_id and (v.closed_at is null) <> open.any;
      return null;
    end $body$;

    -- What was known at the end stays as it was; an encounter that ends waits for who is writing to it.
    create function guard_encounter_diagnosis() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    declare
      state text;
    begin
      select e.status into strict state from %1$I.encounter e where e.id = new.encounter_id for no key update;
      if state in ('finished', 'cancelled', 'entered-in-error') then
        raise exception 'the encounter has ended' using errcode = 'check_violation', constraint = 'encounter_over';
      end if;
      return new;
    end $body$;

    create function guard_note_encounter() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    begin
      raise exception 'a note stays with its encounter' using errcode = 'check_violation', constraint = 'note_rewritten';
    end $body$;
  $create$, current_schema());
end $$;
revoke all on function keep_encounter() from public;

create trigger advance_version before update on visit for each row execute function public.advance_version();
create trigger advance_version before update on encounter for each row execute function public.advance_version();
create trigger advance_version before update on encounter_setting for each row execute function public.advance_version();
create trigger guard_encounter before insert or update on encounter for each row execute function guard_encounter();
create trigger keep_encounter after insert or update on encounter for each row execute function keep_encounter();
create trigger record_change after insert or update on encounter for each row execute function record_change();
create trigger guard_encounter_diagnosis before insert or update on encounter_diagnosis for each row
  execute function guard_encounter_diagnosis();
create trigger guard_note_encounter before update on note for each row
  when (old.encounter_id is distinct from new.encounter_id) execute function guard_note_encounter();

do $$ begin
  execute format('grant select, insert, update on visit, encounter to %I', current_schema());
  execute format('grant select, insert, update (removed_at, removed_by) on encounter_diagnosis to %I', current_schema());
  execute format('grant select, update on encounter_setting to %I', current_schema());
end $$;
