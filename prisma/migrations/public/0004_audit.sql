-- Up Migration

create function public.refuse_change() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'insufficient_privilege';
end $$;

-- The platform's own events; those of a hospital lie in its schema, in tables of the same form (tenant/0004_audit.sql).
create table public.audit_event (
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
create index audit_event_by_actor on public.audit_event (actor_id, id);
create index audit_event_by_patient on public.audit_event using gin (patient_ids);
create index audit_event_refused on public.audit_event (id) where outcome <> 'success';
create index audit_event_broken_glass on public.audit_event (id) where break_glass is not null;
-- The sequencer's way through what is not chained yet.
create index audit_event_by_xid on public.audit_event (xid, id);

-- hash = SHA-256 of the hash before, the row's seal, its xid and the row: see libs/audit.
create table public.audit_chain (
  seq       bigint primary key check (seq > 0),
  event_id  uuid not null unique,
  hash      bytea not null check (length(hash) = 32)
);

create table public.audit_checkpoint (
  seq        bigint primary key,
  at         timestamptz(3) not null,
  hash       bytea not null check (length(hash) = 32),
  key_id     text not null,
  signature  bytea not null
);

-- How far the chain has come: everything visible in prev, and of target what lies up to (after_xid, after_id).
create table public.audit_sequencer (
  one        boolean primary key default true check (one),
  prev       pg_snapshot not null default pg_current_snapshot(),
  target     pg_snapshot,
  after_xid  xid8,
  after_id   uuid
);
insert into public.audit_sequencer default values;

create trigger append_only before update or delete or truncate on public.audit_event
  for each statement execute function public.refuse_change();
create trigger append_only before update or delete or truncate on public.audit_chain
  for each statement execute function public.refuse_change();
create trigger append_only before update or delete or truncate on public.audit_checkpoint
  for each statement execute function public.refuse_change();

-- Appends rows of several hospitals, and of the platform, in one statement: {"hospital_id": …, "rows": [ … ]} for each.
create function public.append_audit(batches jsonb) returns void
  language plpgsql security definer set search_path = pg_catalog set lock_timeout = '2s' as $$
declare
  batch record;
  columns constant text := 'id, at, actor_id, actor_roles, action, entity, entity_ids, patient_ids, operation, outcome,
    reason, ip, user_agent, session_id, request_id, break_glass, key_id, mac';
begin
  for batch in
    select b.hospital_id, b.rows, case when b.hospital_id is null then 'public' else 'hospital_' || h.slug end as schema
      from jsonb_to_recordset(batches) as b (hospital_id uuid, rows jsonb)
      left join public.hospital h on h.id = b.hospital_id
  loop
    if batch.schema is null then
      raise exception 'there is no hospital %', batch.hospital_id using errcode = 'foreign_key_violation';
    end if;
    execute format('insert into %1$I.audit_event (%2$s)
                    select %2$s from jsonb_populate_recordset(null::%1$I.audit_event, $1)', batch.schema, columns)
      using batch.rows;
  end loop;
end $$;
revoke all on function public.append_audit(jsonb) from public;
grant execute on function public.append_audit(jsonb) to hms_api;

grant select on public.audit_event to hms_api;
grant select, insert on public.audit_chain, public.audit_checkpoint to hms_api;
grant select, update on public.audit_sequencer to hms_api;
