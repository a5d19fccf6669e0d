-- Up Migration

-- What people chart at the bedside. `value` is a number as in vitals_latest: true as 1, ACVPU as its place from 0 in
-- A C V P U, respiratory effort as its place from 0 in normal, mild, moderate, severe.
create table charted_observation (
  id           uuid primary key,
  patient_id   uuid not null references patient,
  -- a vital sign, or capillaryRefill (s), respiratoryEffort, oxygenFlow (L/min)
  code         text not null check (code ~ '^[a-zA-Z0-9]{1,32}$'),
  value        real not null,
  recorded_at  timestamptz not null,
  method       text not null default 'manual' check (method in ('manual')),
  status       text not null default 'final' check (status in ('final', 'entered-in-error')),
  recorded_by  uuid not null,
  created_at   timestamptz not null default now(),
  voided_by    uuid,
  voided_at    timestamptz,
  void_reason  text check (length(void_reason) between 3 and 500),
  -- a minute for clocks that differ
  check (recorded_at <= created_at + interval '1 minute'),
  check ((status = 'entered-in-error') = (voided_at is not null)),
  check ((voided_at is null) = (voided_by is null) and (voided_at is null) = (void_reason is null))
);
create index charted_observation_by_patient on charted_observation (patient_id, recorded_at desc, id desc);
create index charted_observation_newest on charted_observation (patient_id, code, recorded_at desc) where status = 'final';

-- What was charted stays as it was; it may be called an error, once.
create function protect_charted_observation() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if old.status <> 'final' or (new.id, new.patient_id, new.code, new.value, new.recorded_at, new.recorded_by, new.created_at)
     is distinct from (old.id, old.patient_id, old.code, old.value, old.recorded_at, old.recorded_by, old.created_at) then
    raise exception 'a charted observation is not rewritten' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger protect_charted_observation before update on charted_observation
  for each row execute function protect_charted_observation();

-- Patients whose score is to be computed again because somebody charted, voided or decided something. The evaluator
-- deletes a row, with the requested_at it read, in the transaction that keeps the score; a request that comes meanwhile
-- has another requested_at and stays.
create table score_due (
  patient_id    uuid primary key references patient,
  requested_at  timestamptz not null default clock_timestamp()
);
create function ask_for_score() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  execute format('insert into %I.score_due as due (patient_id) values ($1)
                  on conflict (patient_id) do update set requested_at = clock_timestamp()', tg_table_schema)
    using new.patient_id;
  return null;
end $$;
create trigger ask_for_score after insert or update on charted_observation for each row execute function ask_for_score();
create trigger ask_for_score after insert or update on patient_monitoring for each row execute function ask_for_score();

-- `escalate_at` is when an alarm next needs somebody told: at once when it is raised, at the next step of its policy when
-- it was notified, at the end of its suppression; never once somebody acknowledged it or it is over.
create function schedule_telling() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  new.escalate_at := case new.state when 'raised' then now() when 'notified' then new.escalate_at end;
  return new;
end $$;
create trigger schedule_telling before insert on alarm for each row execute function schedule_telling();
create trigger reschedule_telling before update on alarm for each row
  when (old.state <> new.state) execute function schedule_telling();
create trigger enter_agenda after insert on alarm for each row
  when (new.escalate_at is not null) execute function public.keep_alarm_agenda('tell', 'escalate_at');
create trigger keep_agenda after update on alarm for each row
  when (old.escalate_at is distinct from new.escalate_at)
  execute function public.keep_alarm_agenda('tell', 'escalate_at');

-- Who was told of an alarm, by which event and how. A mail's id is its message id, so a mailbox knows it again.
create table alarm_notification (
  id          uuid primary key,
  alarm_id    uuid not null references alarm,
  event_id    bigint not null references alarm_event,
  level       smallint not null check (level between 0 and 3),
  user_id     uuid not null,
  channel     text not null check (channel in ('live', 'mail')),
  created_at  timestamptz not null default now(),
  -- of a mail, when it is tried (again); null when it was sent or is needed no more
  due_at      timestamptz,
  attempts    int not null default 0,
  sent_at     timestamptz,
  -- why it was not sent: a stable code
  outcome     text check (length(outcome) <= 100),
  unique (event_id, user_id, channel),
  check (channel = 'mail' or due_at is null)
);
create index alarm_notification_by_user on alarm_notification (user_id, id desc) where channel = 'live';
create trigger enter_agenda after insert on alarm_notification for each row
  when (new.due_at is not null) execute function public.keep_alarm_agenda('mail', 'due_at');
create trigger keep_agenda after update on alarm_notification for each row
  when (old.due_at is distinct from new.due_at) execute function public.keep_alarm_agenda('mail', 'due_at');

alter table alarm_escalation_step
  add check (roles <@ array['nurse', 'doctor', 'hospital_admin']),
  add check (channels <@ array['live', 'mail']);

-- To begin with; the hospital decides who is told when.
insert into alarm_escalation_step (id, priority, level, after_seconds, roles, channels) values
  (gen_random_uuid(), 'high', 0, 0, '{nurse}', '{live}'),
  (gen_random_uuid(), 'high', 1, 120, '{nurse,doctor}', '{live}'),
  (gen_random_uuid(), 'high', 2, 300, '{doctor}', '{live,mail}'),
  (gen_random_uuid(), 'high', 3, 600, '{doctor,hospital_admin}', '{live,mail}'),
  (gen_random_uuid(), 'medium', 0, 0, '{nurse}', '{live}'),
  (gen_random_uuid(), 'medium', 1, 600, '{nurse,doctor}', '{live}'),
  (gen_random_uuid(), 'medium', 2, 1800, '{doctor}', '{live,mail}'),
  (gen_random_uuid(), 'low', 0, 0, '{nurse}', '{live}'),
  (gen_random_uuid(), 'low', 1, 3600, '{nurse}', '{live}');

do $$ begin
  execute format('grant select, insert, update on charted_observation, score_due, alarm_notification to %I', current_schema());
  grant select on charted_observation to hms_ingest;
  grant select, delete on score_due to hms_ingest;
end $$;
