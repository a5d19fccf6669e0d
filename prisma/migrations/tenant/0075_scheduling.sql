-- Up Migration

-- When and where care can be booked. Slots are computed from these tables and never stored.

create table site (
  id          uuid primary key,
  name        text not null unique check (length(name) between 1 and 100),
  -- What clocks on its walls show. PostgreSQL refuses a zone it does not know.
  tz          text not null check (tz ~ '^(UTC|[A-Za-z]+(/[A-Za-z0-9_+-]+)+)$' and now() at time zone tz is not null),
  address     text check (length(address) between 1 and 300),
  active      boolean not null default true,
  version     int not null default 1,
  created_by  uuid not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

-- FHIR HealthcareService: what is booked, and how long it takes.
create table service_type (
  id                 uuid primary key,
  name               text not null unique check (length(name) between 1 and 100),
  duration_min       int not null check (duration_min between 5 and 720),
  -- Kept free around it at every resource it takes.
  buffer_before_min  int not null default 0 check (buffer_before_min between 0 and 240),
  buffer_after_min   int not null default 0 check (buffer_after_min between 0 and 240),
  active             boolean not null default true,
  version            int not null default 1,
  created_by         uuid not null,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now()
);

-- Who or what an appointment takes up.
create table resource (
  id          uuid primary key,
  kind        text not null check (kind in ('provider', 'room', 'device')),
  name        text not null check (length(name) between 1 and 200),
  site_id     uuid not null references site,
  -- The provider's account, in public.app_user; no foreign key leaves the hospital's schema.
  user_id     uuid unique,
  -- How many appointments it serves at one time.
  capacity    int not null default 1 check (capacity between 1 and 100),
  active      boolean not null default true,
  version     int not null default 1,
  created_by  uuid not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  check (user_id is null or kind = 'provider')
);
create index resource_by_name on resource (kind, name, id);

-- Weekly, by the wall clock of the site: an end at or before the start is on the next day.
create table schedule_rule (
  id              uuid primary key,
  resource_id     uuid not null references resource,
  site_id         uuid not null references site,
  -- Empty: every service.
  service_ids     uuid[] not null default '{}',
  weekday         smallint not null check (weekday between 1 and 7),
  local_start     time(0) not null,
  local_end       time(0) not null,
  slot_min        int not null check (slot_min between 5 and 720),
  -- Null: that of the resource.
  capacity        int check (capacity between 1 and 100),
  valid_from      date,
  -- The last day.
  valid_until     date,
  bookable_by     text not null default 'patient' check (bookable_by in ('staff', 'patient')),
  min_notice_min  int not null default 0 check (min_notice_min between 0 and 44640),
  horizon_days    int not null default 90 check (horizon_days between 1 and 730),
  version         int not null default 1,
  created_by      uuid not null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  check (valid_until >= valid_from)
);
create index schedule_rule_of_resource on schedule_rule (resource_id, id);

-- What differs from the week on some days, in local dates and times of the site: `closed` takes time away, `extra` adds
-- some, `capacity` changes how many are served at once. Without times it is the whole day.
create table schedule_exception (
  id           uuid primary key,
  resource_id  uuid not null references resource,
  site_id      uuid not null references site,
  kind         text not null check (kind in ('closed', 'extra', 'capacity')),
  first_day    date not null,
  last_day     date not null,
  local_start  time(0),
  local_end    time(0),
  service_ids  uuid[] not null default '{}',
  slot_min     int check (slot_min between 5 and 720),
  capacity     int check (capacity between 1 and 100),
  reason       text check (length(reason) between 1 and 200),
  version      int not null default 1,
  created_by   uuid not null,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  check (last_day between first_day and first_day + 366),
  check ((local_start is null) = (local_end is null)),
  check ((kind = 'extra') = (slot_min is not null)),
  check (kind <> 'extra' or local_start is not null),
  check (kind <> 'capacity' or capacity is not null),
  check (kind <> 'closed' or capacity is null)
);
create index schedule_exception_of_resource on schedule_exception (resource_id, last_day);

-- One row.
create table scheduling_setting (
  one                     boolean primary key default true check (one),
  -- Whether a patient may have two appointments at one time.
  patient_overlap         boolean not null default true,
  hold_minutes            int not null default 10 check (hold_minutes between 1 and 60),
  no_show_grace_minutes   int not null default 15 check (no_show_grace_minutes between 0 and 240),
  version                 int not null default 1,
  updated_at              timestamptz not null default now()
);
insert into scheduling_setting default values;

create trigger advance_version before update on site for each row execute function public.advance_version();
create trigger advance_version before update on service_type for each row execute function public.advance_version();
create trigger advance_version before update on resource for each row execute function public.advance_version();
create trigger advance_version before update on schedule_rule for each row execute function public.advance_version();
create trigger advance_version before update on schedule_exception for each row execute function public.advance_version();
create trigger advance_version before update on scheduling_setting for each row execute function public.advance_version();

do $$ begin
  execute format('grant select, insert, update on site, service_type, resource to %I', current_schema());
  execute format('grant select, insert, update, delete on schedule_rule, schedule_exception to %I', current_schema());
  execute format('grant select, update on scheduling_setting to %I', current_schema());
end $$;
