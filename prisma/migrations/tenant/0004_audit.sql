-- Up Migration

-- Who did what to whose record. The columns up to break_glass are sealed by mac, with a key the database never sees
-- (libs/audit); xid is covered by the chain. Rows are found by id in the order of time: at is the time in the id.
create table audit_event (
  id           uuid primary key,
  at           timestamptz(3) not null,
  actor_id     uuid,
  actor_roles  text[] not null,
  action       text not null check (action in ('create', 'read', 'update', 'delete', 'export', 'execute', 'login', 'logout')),
  entity       text not null check (length(entity) between 1 and 60),
  entity_ids   text[] not null,
  patient_ids  uuid[] not null,
  operation    text not null check (length(operation) between 1 and 200),
  outcome      text not null check (outcome in ('success', 'denied', 'failed')),
  reason       text check (length(reason) between 1 and 100),
  ip           text check (length(ip) between 1 and 45),
  user_agent   text check (length(user_agent) between 1 and 300),
  session_id   uuid,
  request_id   text check (length(request_id) between 1 and 128),
  break_glass  uuid,
  key_id       text not null,
  mac          bytea not null check (length(mac) = 32),
  xid          xid8 not null default pg_current_xact_id()
);
create index audit_event_by_actor on audit_event (actor_id, id);
create index audit_event_by_patient on audit_event using gin (patient_ids);
create index audit_event_refused on audit_event (id) where outcome <> 'success';
create index audit_event_broken_glass on audit_event (id) where break_glass is not null;
-- The sequencer's way through what is not chained yet.
create index audit_event_by_xid on audit_event (xid, id);

-- hash = SHA-256 of the hash before, the row's seal, its xid and the row: see libs/audit.
create table audit_chain (
  seq       bigint primary key check (seq > 0),
  event_id  uuid not null unique,
  hash      bytea not null check (length(hash) = 32)
);

create table audit_checkpoint (
  seq        bigint primary key,
  at         timestamptz(3) not null,
  hash       bytea not null check (length(hash) = 32),
  key_id     text not null,
  signature  bytea not null
);

-- How far the chain has come: everything visible in prev, and of target what lies up to (after_xid, after_id).
create table audit_sequencer (
  one        boolean primary key default true check (one),
  prev       pg_snapshot not null default pg_current_snapshot(),
  target     pg_snapshot,
  after_xid  xid8,
  after_id   uuid
);
insert into audit_sequencer default values;

create trigger append_only before update or delete or truncate on audit_event
  for each statement execute function public.refuse_change();
create trigger append_only before update or delete or truncate on audit_chain
  for each statement execute function public.refuse_change();
create trigger append_only before update or delete or truncate on audit_checkpoint
  for each statement execute function public.refuse_change();

do $$ begin
  -- Not xid: nobody says in which transaction a row was written.
  execute format('grant select, insert (id, at, actor_id, actor_roles, action, entity, entity_ids, patient_ids,
                  operation, outcome, reason, ip, user_agent, session_id, request_id, break_glass, key_id, mac)
                  on audit_event to %I', current_schema());
  execute format('grant select, insert on audit_chain, audit_checkpoint to %I', current_schema());
  execute format('grant select, update on audit_sequencer to %I', current_schema());
end $$;
