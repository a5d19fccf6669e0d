-- Up Migration

-- What the hospital lets out, by default and at most. One row.
create table notification_settings (
  id                boolean primary key default true check (id),
  channels          text[] not null default '{in-app,push,email}'
                    check (channels <@ '{in-app,push,email,sms}'::text[] and 'in-app' = any (channels)),
  language          text not null default 'en' check (language ~ '^[a-z]{2}$'),
  -- local times of the recipient; equal: no quiet hours
  quiet_from        text not null default '21:00' check (quiet_from ~ '^([01]\d|2[0-3]):[0-5]\d$'),
  quiet_until       text not null default '08:00' check (quiet_until ~ '^([01]\d|2[0-3]):[0-5]\d$'),
  -- what is not urgent goes out at this rate at most, on all channels but in-app together
  per_minute        int not null default 600 check (per_minute between 1 and 100000),
  version           int not null default 1,
  updated_by        uuid,
  updated_at        timestamptz not null default now()
);
insert into notification_settings default values;
create trigger advance_version before update on notification_settings
  for each row execute function public.advance_version();

-- What of the rate is used in the present minute. Whoever claims deliveries holds it.
create table notification_budget (
  id          boolean primary key default true check (id),
  minute      timestamptz not null default '-infinity',
  used        int not null default 0
);
insert into notification_budget default values;

-- The hospital's own texts, in place of the built-in ones. Append-only: the newest version counts.
create table notification_template (
  id          uuid primary key,
  code        text not null check (code ~ '^[a-z][a-z0-9-]{0,59}$'),
  lang        text not null check (lang ~ '^[a-z]{2}$'),
  channel     text not null check (channel in ('in-app', 'push', 'email', 'sms')),
  version     int not null check (version > 0),
  subject     text check (length(subject) between 1 and 200),
  body        text not null check (length(body) between 1 and 2000),
  created_by  uuid not null,
  created_at  timestamptz not null default now(),
  unique (code, lang, channel, version)
);

create table notification_preference (
  user_id      uuid primary key,
  -- beside in-app, which needs nobody's consent
  channels     text[] not null check (channels <@ '{push,email,sms}'::text[]),
  language     text check (language ~ '^[a-z]{2}$'),
  quiet_from   text check (quiet_from ~ '^([01]\d|2[0-3]):[0-5]\d$'),
  quiet_until  text check (quiet_until ~ '^([01]\d|2[0-3]):[0-5]\d$'),
  timezone     text constraint notification_preference_timezone check (public.is_timezone(timezone)),
  phone        text check (phone ~ '^\+[1-9]\d{6,14}$'),
  version      int not null default 1,
  updated_at   timestamptz not null default now(),
  check ((quiet_from is null) = (quiet_until is null))
);
create trigger advance_version before update on notification_preference
  for each row execute function public.advance_version();

-- One text for many. `past`: everybody up to this user has their notification.
create table notification_broadcast (
  id           uuid primary key,
  target       text not null check (target in ('all', 'patients', 'pharmacies')),
  title        text not null check (length(title) between 1 and 200),
  body         text not null check (length(body) between 1 and 2000),
  priority     text not null default 'normal' check (priority in ('normal', 'urgent')),
  status       text not null default 'running' check (status in ('running', 'completed', 'cancelled')),
  past         uuid,
  recipients   int not null default 0,
  created_by   uuid not null,
  created_at   timestamptz not null default now(),
  finished_at  timestamptz,
  version      int not null default 1,
  updated_at   timestamptz not null default now(),
  check ((status = 'running') = (finished_at is null))
);
create trigger advance_version before update on notification_broadcast
  for each row execute function public.advance_version();

-- Something one person is told. The text is made of template and params when it is shown or sent.
create table notification (
  id            uuid primary key,
  dedupe_key    text not null constraint notification_once unique check (length(dedupe_key) between 1 and 200),
  code          text not null check (code ~ '^[a-z][a-z0-9-]{0,59}$'),
  params        jsonb not null,
  user_id       uuid,
  -- whom it is about; without a user also whom it is sent to
  patient_id    uuid references patient,
  broadcast_id  uuid references notification_broadcast,
  priority      text not null check (priority in ('normal', 'urgent')),
  expires_at    timestamptz not null,
  created_by    uuid,
  created_at    timestamptz not null default now(),
  read_at       timestamptz,
  check (user_id is not null or patient_id is not null)
);
create index notification_inbox on notification (user_id, id desc) where user_id is not null;
create index notification_of_broadcast on notification (broadcast_id) where broadcast_id is not null;
create index notification_of_patient on notification (patient_id) where patient_id is not null;

-- One way to one address. 'sending': somebody may have handed it to the provider and not lived to note the answer.
-- `due_at`: when it is tried next, or when the lease of whoever sends it ends; null when it is over.
create table notification_delivery (
  id               uuid primary key,
  notification_id  uuid not null references notification,
  channel          text not null check (channel in ('in-app', 'push', 'email', 'sms')),
  push_token_id    uuid,
  urgent           boolean not null,
  status           text not null check (status in ('queued', 'sending', 'sent', 'failed', 'expired', 'cancelled')),
  attempts         int not null default 0,
  due_at           timestamptz,
  -- since when the provider may know of it
  sending_since    timestamptz,
  provider_id      text check (length(provider_id) <= 200),
  -- a stable code, never a message
  error            text check (length(error) <= 100),
  created_at       timestamptz not null default now(),
  finished_at      timestamptz,
  unique nulls not distinct (notification_id, channel, push_token_id),
  check ((due_at is null) = (status not in ('queued', 'sending'))),
  check ((finished_at is null) = (status in ('queued', 'sending'))),
  check (status <> 'sending' or sending_since is not null),
  check (push_token_id is null or channel = 'push')
);
create index notification_delivery_due on notification_delivery (channel, urgent, due_at) where due_at is not null;
create index notification_delivery_by_time on notification_delivery (created_at desc, id desc);

create trigger keep_notification_agenda_of_new after insert on notification_delivery
  referencing new table as changed for each statement execute function public.keep_notification_agenda();
create trigger keep_notification_agenda after update on notification_delivery
  referencing new table as changed for each statement execute function public.keep_notification_agenda();

do $$ begin
  execute format('grant select, update on notification_settings, notification_budget to %I', current_schema());
  execute format('grant select, insert on notification_template to %I', current_schema());
  execute format('grant select, insert, update on notification_preference, notification_broadcast, notification_delivery to %I', current_schema());
  execute format('grant select, insert on notification to %I', current_schema());
  execute format('grant update (read_at) on notification to %I', current_schema());
end $$;
