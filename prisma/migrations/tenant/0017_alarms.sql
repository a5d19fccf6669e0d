-- Up Migration

-- Limits of vital signs, as on a bedside monitor: a value below `low` or above `high` is an alarm condition. For each
-- vital sign the nearest row counts: the patient's, else the ward's, else the hospital's. One without limits is silent.
create table alarm_limit (
  id               uuid primary key,
  vital            text not null check (vital ~ '^[a-zA-Z0-9]{1,32}$'),
  ward_id          uuid references ward,
  patient_id       uuid references patient,
  low              real,
  high             real,
  -- how far inside the limits a value must be to end the condition
  hysteresis       real not null default 0 check (hysteresis >= 0),
  -- how long values must be beyond a limit before somebody is told
  persist_seconds  smallint not null default 0 check (persist_seconds between 0 and 60),
  priority         text not null check (priority in ('high', 'medium', 'low')),
  version          int not null default 1,
  created_by       uuid,
  created_at       timestamptz not null default now(),
  updated_by       uuid,
  updated_at       timestamptz not null default now(),
  unique nulls not distinct (vital, ward_id, patient_id),
  check (ward_id is null or patient_id is null),
  check (low < high)
);
create trigger advance_version before update on alarm_limit for each row execute function public.advance_version();
create trigger advance_ingest_epoch after insert or update or delete on alarm_limit
  for each statement execute function public.advance_ingest_epoch_of_schema();

-- Examples of telemetry.md §2.8, for the hospital to change: limits need its clinical sign-off.
insert into alarm_limit (id, vital, low, high, hysteresis, persist_seconds, priority) values
  (gen_random_uuid(), 'spo2', 85, null, 2, 5, 'high'),
  (gen_random_uuid(), 'heartRate', 40, 140, 5, 5, 'high'),
  (gen_random_uuid(), 'systolic', 80, 200, 5, 0, 'high'),
  (gen_random_uuid(), 'arterialSystolic', 80, 200, 5, 5, 'high');

-- What a clinician decided about how a patient is scored.
create table patient_monitoring (
  patient_id  uuid primary key references patient,
  -- scale 2 is for hypercapnic respiratory failure, and never chosen by a machine (RCP 2017)
  spo2_scale  smallint not null default 1 check (spo2_scale in (1, 2)),
  -- 'by-age': NEWS2 from 16 years on, Bedside PEWS below; 'off' as in pregnancy
  score       text not null default 'by-age' check (score in ('by-age', 'news2', 'bedside-pews', 'off')),
  reason      text check (length(reason) between 1 and 500),
  version     int not null default 1,
  created_by  uuid not null,
  created_at  timestamptz not null default now(),
  updated_by  uuid not null,
  updated_at  timestamptz not null default now(),
  check (spo2_scale = 1 and score = 'by-age' or reason is not null)
);
create trigger advance_version before update on patient_monitoring for each row execute function public.advance_version();

-- A score is kept when it differs from the patient's previous one.
create table score_result (
  patient_id    uuid not null references patient,
  profile       text not null check (profile in ('news2', 'bedside-pews')),
  profile_version text not null,
  -- of its newest input
  computed_for  timestamptz not null,
  computed_at   timestamptz not null default now(),
  -- null when an input is missing or too old: an incomplete score is no score
  total         smallint,
  partial       smallint not null,
  band          text not null,
  inputs        jsonb not null,
  missing       text[] not null default '{}',
  -- from readings older than 10 minutes when they came: shown, never alarmed
  retrospective boolean not null default false,
  primary key (patient_id, profile, computed_for)
);

-- Nobody is told of a suppressed alarm; it is on the list all the same.
create table alarm_suppression (
  id           uuid primary key,
  patient_id   uuid not null references patient,
  -- null: all rules of the patient
  rule         text,
  reason       text not null check (length(reason) between 3 and 500),
  starts_at    timestamptz not null default now(),
  ends_at      timestamptz not null,
  created_by   uuid not null,
  created_at   timestamptz not null default now(),
  ended_by     uuid,
  check (ends_at <= created_at + interval '12 hours')
);
create index alarm_suppression_by_patient on alarm_suppression (patient_id, ends_at);

-- One row per episode: from the first value beyond a limit until all has been well for a while.
create table alarm (
  id                uuid primary key,
  kind              text not null check (kind in ('limit', 'score', 'technical')),
  -- 'spo2-low', 'heartRate-high', 'news2', 'bedside-pews', 'device-silent'
  rule              text not null check (length(rule) between 1 and 60),
  patient_id        uuid not null references patient,
  -- where the patient was
  ward_id           uuid not null references ward,
  -- of a technical alarm
  device_id         uuid references device,
  priority          text not null check (priority in ('high', 'medium', 'low')),
  -- 'pending': beyond the limit, but not for long enough yet; nobody is shown it
  state             text not null check (state in ('pending', 'raised', 'notified', 'acknowledged', 'resolved')),
  started_at        timestamptz not null,
  -- of the newest reading that showed the condition
  last_seen_at      timestamptz not null,
  raised_at         timestamptz,
  -- since when readings show that the condition ended
  normal_since      timestamptz,
  ended_at          timestamptz,
  -- what raised it, and the limit it was beyond; of a score its total
  value             real,
  limit_value       real,
  detail            jsonb,
  suppression_id    uuid references alarm_suppression,
  escalation_level  smallint not null default 0 check (escalation_level between 0 and 3),
  escalate_at       timestamptz,
  acknowledged_by   uuid,
  acknowledged_at   timestamptz,
  -- null when it resolved by itself
  resolved_by       uuid,
  version           int not null default 1,
  updated_at        timestamptz not null default now(),
  unique nulls not distinct (patient_id, rule, device_id, started_at),
  check ((state = 'pending') = (raised_at is null)),
  check ((state = 'resolved') = (ended_at is not null)),
  check ((kind = 'technical') = (device_id is not null))
);
create unique index alarm_open on alarm (patient_id, rule, device_id) nulls not distinct where state <> 'resolved';
create index alarm_open_by_ward on alarm (ward_id, raised_at desc, id) where state not in ('pending', 'resolved');
create index alarm_by_patient on alarm (patient_id, started_at desc);
create index alarm_by_time on alarm (raised_at desc, id) where raised_at is not null;
create index alarm_escalation_due on alarm (escalate_at) where escalate_at is not null;
create trigger advance_version before update on alarm for each row execute function public.advance_version();

-- What became of an alarm, append-only.
create table alarm_event (
  id        bigint generated always as identity primary key,
  alarm_id  uuid not null references alarm,
  kind      text not null check (kind in
              ('raised', 'suppressed', 'unsuppressed', 'notified', 'acknowledged', 'escalated', 'noted', 'resolved')),
  at        timestamptz not null default clock_timestamp(),
  -- null for the platform itself
  actor_id  uuid,
  detail    jsonb
);
create index alarm_event_by_alarm on alarm_event (alarm_id, id);

-- Who is told when nobody acknowledges: of a ward, or else of the hospital. Level 0 is told at once.
create table alarm_escalation_step (
  id             uuid primary key,
  ward_id        uuid references ward,
  priority       text not null check (priority in ('high', 'medium', 'low')),
  level          smallint not null check (level between 0 and 3),
  -- after the alarm was raised
  after_seconds  int not null check (after_seconds between 0 and 86400),
  roles          text[] not null check (cardinality(roles) > 0),
  channels       text[] not null check (cardinality(channels) > 0),
  unique nulls not distinct (ward_id, priority, level)
);

-- When the readings of a flush were recorded, and whether their scores have been computed.
alter table telemetry_flush
  add column recorded_from timestamptz,
  add column recorded_until timestamptz,
  add column evaluated boolean not null default true;
alter table telemetry_flush alter column evaluated set default false;
create index telemetry_flush_unevaluated on telemetry_flush (committed_at) where not evaluated;

do $$ begin
  execute format('grant select, insert, update, delete on alarm_limit, alarm_escalation_step to %I', current_schema());
  execute format('grant select, insert, update on patient_monitoring, score_result, alarm_suppression, alarm to %I', current_schema());
  execute format('grant select, insert on alarm_event to %I', current_schema());
  grant select on alarm_limit, patient_monitoring, score_result, alarm_suppression, alarm to hms_ingest;
  grant select (id, birth_date, birth_date_precision, deceased_at, deleted_at) on patient to hms_ingest;
  grant update (evaluated) on telemetry_flush to hms_ingest;
end $$;
