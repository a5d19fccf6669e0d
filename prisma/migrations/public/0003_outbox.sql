-- Up Migration

-- What every hospital's role may do with shared tables; row security decides with which rows. One role for the cluster,
-- which may hold several databases.
do $$ begin
  create role hms_hospital nologin;
exception when duplicate_object or unique_violation then
  null;
end $$;

-- The hospital whose role the transaction took with SET ROLE; null for everybody else. It says nothing of any other.
create function public.acting_hospital() returns uuid
  language sql stable security definer set search_path = pg_catalog
  as $$ select id from public.hospital where slug = substring(current_setting('role') from '^hospital_(.*)$') $$;

-- What happened, written by the transaction in which it happened. No foreign key to the hospital: each insert would lock
-- that one row, in the hottest path there is; the policy below decides whose the row is.
create table public.outbox_event (
  id             uuid primary key,
  hospital_id    uuid,
  type           text not null check (length(type) between 3 and 100),
  payload        jsonb not null,
  actor_id       uuid,
  occurred_at    timestamptz not null default now(),
  -- when its deliveries were made
  fanned_out_at  timestamptz
);
create index outbox_event_waiting on public.outbox_event (id) where fanned_out_at is null;
create index outbox_event_fanned_out on public.outbox_event (fanned_out_at) where fanned_out_at is not null;

-- Who is told of what. Workers enter their consumers when they start, and any relay serves all of them, whatever release
-- it is of.
create table public.outbox_consumer (
  name   text primary key check (name ~ '^[a-z][a-z0-9-]{0,59}$'),
  types  text[] not null
);

-- One consumer's part of an event. `due_at`: when a pending one is handed over, or when the lease of a leased one ends.
create table public.outbox_delivery (
  id           uuid primary key default gen_random_uuid(),
  event_id     uuid not null references public.outbox_event on delete cascade,
  hospital_id  uuid,
  consumer     text not null check (length(consumer) <= 60),
  state        text not null default 'pending' check (state in ('pending', 'leased', 'done', 'dead')),
  -- tries begun; a try that is no longer the last one begun may not finish
  attempts     int not null default 0,
  due_at       timestamptz not null default now(),
  -- a stable code, never a message
  last_error   text check (length(last_error) <= 100),
  occurred_at  timestamptz not null,
  finished_at  timestamptz,
  unique (event_id, consumer),
  check ((finished_at is null) = (state in ('pending', 'leased')))
);
create index outbox_delivery_due on public.outbox_delivery (consumer, due_at) where state in ('pending', 'leased');
create index outbox_delivery_dead on public.outbox_delivery (consumer, id) where state = 'dead';

alter table public.outbox_event enable row level security;
alter table public.outbox_delivery enable row level security;

create policy platform on public.outbox_event to hms_api using (true) with check (true);
create policy platform on public.outbox_delivery to hms_api using (true) with check (true);
create policy own_hospital on public.outbox_event for insert to hms_hospital
  with check (hospital_id = (select public.acting_hospital()));
create policy own_hospital_seen on public.outbox_delivery for select to hms_hospital
  using (hospital_id = (select public.acting_hospital()));
create policy own_hospital_finished on public.outbox_delivery for update to hms_hospital
  using (hospital_id = (select public.acting_hospital())) with check (hospital_id = (select public.acting_hospital()));

grant select, insert, update (fanned_out_at), delete on public.outbox_event to hms_api;
grant select, insert, update, delete on public.outbox_consumer, public.outbox_delivery to hms_api;
-- A hospital's own transactions add events, and finish a delivery together with what it caused.
grant insert (id, hospital_id, type, payload, actor_id) on public.outbox_event to hms_hospital;
grant select (id, hospital_id, state, attempts), update (state, finished_at) on public.outbox_delivery to hms_hospital;
