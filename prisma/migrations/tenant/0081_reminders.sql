-- Up Migration

-- What a patient is reminded of, and when. The time of an appointment never changes (another takes its place), so there is
-- one reminder for each appointment and rule, whatever version the appointment comes to.
create table reminder (
  id                   uuid primary key,
  appointment_id       uuid not null references appointment on delete cascade,
  appointment_version  int not null,
  rule                 text not null check (rule in ('72h', '24h', '2h')),
  status               text not null default 'pending' check (status in ('pending', 'sent', 'skipped', 'cancelled')),
  -- null when it is over
  due_at               timestamptz,
  notification_id      uuid references notification,
  created_at           timestamptz not null default now(),
  finished_at          timestamptz,
  constraint reminder_once unique (appointment_id, rule),
  check ((due_at is not null) = (status = 'pending') and (finished_at is null) = (status = 'pending')),
  check ((notification_id is not null) = (status = 'sent'))
);
create index reminder_due on reminder (due_at) where due_at is not null;

create trigger keep_notification_agenda_of_new after insert on reminder
  referencing new table as changed for each statement execute function public.keep_notification_agenda('reminder');
create trigger keep_notification_agenda after update on reminder
  referencing new table as changed for each statement execute function public.keep_notification_agenda('reminder');

do $$ begin
  execute format('grant select, insert, update on reminder to %I', current_schema());
end $$;
