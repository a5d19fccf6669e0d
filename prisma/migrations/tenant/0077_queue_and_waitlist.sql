-- Up Migration

-- Who has come, in the order they came: numbers begin anew for each site, service and local day.
create table queue (
  site_id      uuid not null references site,
  service_id   uuid not null references service_type,
  service_day  date not null,
  last_number  int not null default 0,
  primary key (site_id, service_id, service_day)
);

create table queue_token (
  id              uuid primary key,
  site_id         uuid not null,
  service_id      uuid not null,
  service_day     date not null,
  number          int not null check (number > 0),
  patient_id      uuid not null references patient,
  -- Null for somebody who walked in.
  appointment_id  uuid unique references appointment,
  status          text not null default 'waiting' check (status in ('waiting', 'called', 'done', 'left')),
  called_at       timestamptz,
  version         int not null default 1,
  created_by      uuid not null,
  created_at      timestamptz not null default now(),
  updated_by      uuid not null,
  updated_at      timestamptz not null default now(),
  unique (site_id, service_id, service_day, number),
  foreign key (site_id, service_id, service_day) references queue
);
create index queue_token_waiting on queue_token (site_id, service_id, service_day, number) where status = 'waiting';

-- Who wants a time that is taken. `appointment_id` is what was offered: a hold in the patient's name. A hold that expires
-- is deleted, and its entry waits again.
create table waitlist_entry (
  id              uuid primary key,
  patient_id      uuid not null references patient,
  service_id      uuid not null references service_type,
  -- Null: any.
  provider_id     uuid references resource,
  site_id         uuid references site,
  -- When it may begin.
  wanted          tstzrange not null check (not isempty(wanted) and not lower_inf(wanted) and not upper_inf(wanted)),
  appointment_id  uuid unique references appointment on delete set null,
  offered_at      timestamptz,
  closed_at       timestamptz,
  version         int not null default 1,
  created_by      uuid not null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now()
);
create index waitlist_entry_waiting on waitlist_entry (service_id, offered_at nulls first, id)
  where appointment_id is null and closed_at is null;
create index waitlist_entry_of_patient on waitlist_entry (patient_id, id);

alter table scheduling_setting add column offer_minutes int not null default 60 check (offer_minutes between 5 and 1440);

create function guard_queue_token() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if (new.id, new.site_id, new.service_id, new.service_day, new.number, new.patient_id, new.appointment_id)
     is distinct from
     (old.id, old.site_id, old.service_id, old.service_day, old.number, old.patient_id, old.appointment_id)
     or not (new.status = old.status
             or old.status = 'waiting' and new.status in ('called', 'done', 'left')
             or old.status = 'called' and new.status in ('waiting', 'done', 'left')) then
    raise exception 'a token does not go from % to %', old.status, new.status
      using errcode = 'check_violation', constraint = 'queue_token_move';
  end if;
  return new;
end $$;
create trigger advance_version before update on queue_token for each row execute function public.advance_version();
create trigger guard_queue_token before update on queue_token for each row execute function guard_queue_token();
create trigger advance_version before update on waitlist_entry for each row execute function public.advance_version();

do $$ begin
  execute format('grant select, insert, update on queue, queue_token, waitlist_entry to %I', current_schema());
end $$;
