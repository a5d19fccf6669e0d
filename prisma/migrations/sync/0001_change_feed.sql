-- Up Migration

-- Every change of a row that devices hold offline, in an order no reader misses: docs/adr/0021. Changes are logged by the
-- transaction that makes them, whoever that is, and carry no content. One relay moves what became visible into the feed,
-- whose positions are dense: when a position is visible, so are all before it.

-- Which tables; libs/contracts says the same to the services, and a test that it does.
create table sync.entity (
  no              smallint primary key,
  name            text not null unique,
  table_name      text not null unique,
  patient_column  text not null,
  deleted_column  text
);
insert into sync.entity values
  (1, 'patients', 'patient', 'id', 'deleted_at'),
  (2, 'allergies', 'allergy', 'patient_id', null),
  (3, 'conditions', 'condition', 'patient_id', null),
  (4, 'observations', 'charted_observation', 'patient_id', null),
  (5, 'notes', 'note', 'patient_id', null);

-- Not cached: of two changes of one row the later must draw the larger number.
create sequence sync.log_seq cache 1;

create table sync.change_log (
  xid          xid8 not null default pg_current_xact_id(),
  seq          bigint not null default nextval('sync.log_seq'),
  hospital_id  uuid not null,
  entity       smallint not null,
  row_id       uuid not null,
  version      bigint not null,
  op           "char" not null check (op in ('U', 'D')),
  -- By which keys a device may hold the row, and by which it no longer may.
  keys         text[] not null default '{}',
  keys_before  text[] not null default '{}',
  -- For partitions only. Transactions end in another order than they begin.
  at           timestamptz not null default clock_timestamp()
) partition by range (at);
create table sync.change_log_rest partition of sync.change_log default;
create index change_log_order on sync.change_log (xid, seq);

create table sync.feed (
  pos          bigint not null,
  tick         bigint not null,
  hospital_id  uuid not null,
  entity       smallint not null,
  row_id       uuid not null,
  version      bigint not null,
  op           "char" not null,
  keys         text[] not null,
  keys_gone    text[] not null,
  at           timestamptz not null default now()
) partition by range (pos);
create table sync.feed_rest partition of sync.feed default;
create index feed_of_hospital on sync.feed (hospital_id, pos);

-- How far the relay has come: everything visible in prev, and of target what lies up to (after_xid, after_seq).
create table sync.relay (
  one        boolean primary key default true check (one),
  feed_id    uuid not null default gen_random_uuid(),
  epoch      int not null default 1,
  -- Of the server that wrote last; another one after a failover.
  timeline   text not null default '',
  tick       bigint not null default 0,
  pos        bigint not null default 0,
  floor_pos  bigint not null default 0,
  prev       pg_snapshot not null default pg_current_snapshot(),
  target     pg_snapshot,
  after_xid  xid8,
  after_seq  bigint
) with (fillfactor = 50);
insert into sync.relay default values;

-- Where each epoch began, and how far the one before it had come.
create table sync.epoch (
  epoch        int primary key,
  at           timestamptz not null default now(),
  last_before  bigint not null,
  start_pos    bigint not null
);

-- By which a device may hold what concerns a patient: that it works in the whole hospital, on the patient's ward, or for
-- this patient.
create function sync.keys_of(patient_id uuid, ward_id uuid) returns text[]
  language sql immutable parallel safe
  as $$ select case when ward_id is null then array['hospital', 'patient:' || patient_id]
               else array['hospital', 'patient:' || patient_id, 'ward:' || ward_id] end $$;

/*
 * One step of the relay, the only writer of the feed. A change is moved in exactly one step: the one between whose two
 * snapshots its transaction became visible. With more than max_rows to move it takes several calls to one step. A call
 * that finds nothing writes nothing. Null when another relay is at work.
 */
create function sync.relay_step(max_rows int default 20000)
  returns table (pos bigint, moved int, more boolean)
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  r sync.relay;
  server text;
  n_src int; n_out int; last_xid xid8; last_seq bigint;
  low_xid xid8; low_seq bigint;
begin
  if not pg_try_advisory_xact_lock(7310001) then return; end if;
  -- In a statement of its own: its snapshot is newer than the lock.
  select * into r from sync.relay;
  if r.target is null then
    r.target := pg_current_snapshot(); r.after_xid := '0'; r.after_seq := 0;
  end if;
  -- One comparison of rows as the lower bound, or every idle call would read the index from its start.
  if r.after_xid >= pg_snapshot_xmax(r.prev) then low_xid := r.after_xid; low_seq := r.after_seq;
  else low_xid := pg_snapshot_xmax(r.prev); low_seq := -1; end if;
  with src as materialized (
    select * from (
      (select c.* from sync.change_log c
        where (c.xid, c.seq) > (low_xid, low_seq) and c.xid < pg_snapshot_xmax(r.target)
          and pg_visible_in_snapshot(c.xid, r.target)
        order by c.xid, c.seq limit max_rows)
      union all
      select late.* from (select pg_snapshot_xip(r.prev) as xid offset 0) open
        cross join lateral (
          select c.* from sync.change_log c
           where c.xid = open.xid and pg_visible_in_snapshot(open.xid, r.target)
             and (c.xid, c.seq) > (r.after_xid, r.after_seq)
           order by c.seq limit max_rows) late
    ) both_kinds order by xid, seq limit max_rows
  ), newest as (
    select distinct on (hospital_id, entity, row_id) hospital_id, entity, row_id, version, op, keys, seq
      from src order by hospital_id, entity, row_id, seq desc
  ), gone as (
    select s.hospital_id, s.entity, s.row_id, array_agg(distinct key) as keys
      from src s, unnest(s.keys_before || s.keys) key group by 1, 2, 3
  ), ins as (
    insert into sync.feed (pos, tick, hospital_id, entity, row_id, version, op, keys, keys_gone)
    select r.pos + row_number() over (order by n.seq), r.tick + 1, n.hospital_id, n.entity, n.row_id, n.version, n.op,
           n.keys,
           coalesce(array(select key from unnest(g.keys) key where n.op = 'D' or not key = any (n.keys)), '{}')
      from newest n left join gone g using (hospital_id, entity, row_id)
    returning 1
  )
  select (select count(*) from src), (select count(*) from ins),
         (select xid from src order by xid desc, seq desc limit 1),
         (select seq from src order by xid desc, seq desc limit 1)
    into n_src, n_out, last_xid, last_seq;
  if n_src = 0 and r.after_xid = '0' then
    return query select r.pos, 0, false;
    return;
  end if;
  update sync.relay set
    tick = r.tick + 1, pos = r.pos + n_out,
    prev = case when n_src < max_rows then r.target else r.prev end,
    target = case when n_src < max_rows then null else r.target end,
    after_xid = case when n_src < max_rows then null else last_xid end,
    after_seq = case when n_src < max_rows then null else last_seq end;
  return query select r.pos + n_out, n_out, n_src >= max_rows;
end $$;

/*
 * Makes the triggers that log a table's changes. Rows keep their ids for ever. A row that concerns a patient is logged
 * under the keys the patient has when the change commits: whoever writes such a row holds the patient, and whoever moves
 * the patient to another ward waits for them (patient_by_ward), and then logs all of the patient's rows.
 */
create function sync.track(schema_name text, entity_name text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  e sync.entity;
  hospital uuid;
  own_patient boolean;
  deleted text; hold text; fan_out text := '';
  child sync.entity;
begin
  select * into strict e from sync.entity where name = entity_name;
  select id into strict hospital from public.hospital where 'hospital_' || slug = schema_name;
  own_patient := e.table_name = 'patient';
  deleted := case when e.deleted_column is null then 'false' else format('n.%I is not null', e.deleted_column) end;
  hold := case when own_patient then '' else format(
    'perform from %I.patient p where p.id in (select n.%I from new_rows n) order by p.id for key share;',
    schema_name, e.patient_column) end;
  if own_patient then
    for child in select * from sync.entity where table_name <> 'patient' order by no loop
      fan_out := fan_out || format(
        $sql$ insert into sync.change_log (hospital_id, entity, row_id, version, op, keys, keys_before)
              select %L, %s, c.id, c.version, 'U', sync.keys_of(n.id, n.ward_id), sync.keys_of(n.id, o.ward_id)
                from new_rows n join old_rows o using (id) join %I.%I c on c.%I = n.id
               where o.ward_id is distinct from n.ward_id or (o.deleted_at is null) <> (n.deleted_at is null)
               order by c.id; $sql$, hospital, child.no, schema_name, child.table_name, child.patient_column);
    end loop;
  end if;

  execute format($sql$
    create or replace function %1$I.log_new_%2$s() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
      %3$s
      insert into sync.change_log (hospital_id, entity, row_id, version, op, keys)
      select %4$L, %5$s, n.id, n.version, 'U', sync.keys_of(p.id, p.ward_id)
        from new_rows n join %1$I.patient p on p.id = n.%6$I order by n.id;
      return null;
    end $body$;
    create or replace function %1$I.log_changed_%2$s() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
      if exists (select from old_rows o left join new_rows n using (id) where n.id is null) then
        raise exception 'the id of a row that devices hold does not change' using errcode = 'restrict_violation';
      end if;
      %3$s
      insert into sync.change_log (hospital_id, entity, row_id, version, op, keys, keys_before)
      select %4$L, %5$s, n.id, n.version, case when %7$s then 'D' else 'U' end::"char",
             sync.keys_of(p.id, p.ward_id), %8$s
        from new_rows n join old_rows o using (id) join %1$I.patient p on p.id = n.%6$I order by n.id;
      %9$s
      return null;
    end $body$;
    create or replace function %1$I.log_gone_%2$s() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
      insert into sync.change_log (hospital_id, entity, row_id, version, op, keys_before)
      select %4$L, %5$s, o.id, o.version + 1, 'D', sync.keys_of(o.%6$I, %10$s)
        from old_rows o %11$s order by o.id;
      return null;
    end $body$;
    revoke all on function %1$I.log_new_%2$s(), %1$I.log_changed_%2$s(), %1$I.log_gone_%2$s() from public;
    create or replace trigger z_log_new after insert on %1$I.%2$I referencing new table as new_rows
      for each statement execute function %1$I.log_new_%2$s();
    create or replace trigger z_log_changed after update on %1$I.%2$I referencing new table as new_rows old table as old_rows
      for each statement execute function %1$I.log_changed_%2$s();
    create or replace trigger z_log_gone after delete on %1$I.%2$I referencing old table as old_rows
      for each statement execute function %1$I.log_gone_%2$s();
    create or replace trigger z_keep_logged before truncate on %1$I.%2$I
      for each statement execute function public.refuse_change();
    $sql$,
    schema_name, e.table_name, hold, hospital, e.no, e.patient_column, deleted,
    case when own_patient then 'sync.keys_of(o.id, o.ward_id)'
         else format('case when o.%1$I = n.%1$I then ''{}'' else sync.keys_of(o.%1$I, null) end', e.patient_column) end,
    fan_out,
    case when own_patient then 'o.ward_id' else 'p.ward_id' end,
    case when own_patient then '' else format('left join %I.patient p on p.id = o.%I', schema_name, e.patient_column) end);
end $$;

/*
 * Makes partitions ahead of time, drops what nobody can ask for any more, and sets the floor of the feed accordingly. It
 * waits for nobody longer than a moment, because everybody who writes would wait behind it: who calls it calls again.
 */
create function sync.keep_partitions(feed_days int default 35, log_hours int default 48, feed_rows bigint default 2000000)
  returns void language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '300ms' as $$
declare
  r sync.relay;
  day date;
  first_pos bigint;
  part record;
  newest timestamptz;
  waits_for boolean;
begin
  if not pg_try_advisory_xact_lock(7310002) then return; end if;
  select * into r from sync.relay;
  -- The oldest of each first, and one of each at most: what is read of it is its last row.
  select c.relname as name, substring(c.relname from '\d+')::bigint as first_pos into part
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
   where i.inhparent = 'sync.feed'::regclass and c.relname ~ '^feed_\d+$' order by 2 limit 1;
  if found and part.first_pos + feed_rows <= r.pos then
    execute format('select at from sync.%I order by pos desc limit 1', part.name) into newest;
    if newest < now() - make_interval(days => feed_days) then
      update sync.relay set floor_pos = greatest(floor_pos, part.first_pos + feed_rows - 1);
      execute format('drop table sync.%I', part.name);
    end if;
  end if;
  select c.relname as name into part from pg_inherits i join pg_class c on c.oid = i.inhrelid
   where i.inhparent = 'sync.change_log'::regclass and c.relname ~ '^change_log_\d{8}$' order by 1 limit 1;
  if found and to_date(right(part.name, 8), 'YYYYMMDD') + 1 < now() - make_interval(hours => log_hours) then
    execute format('select exists (select from sync.%I where xid >= $1)', part.name)
      into waits_for using pg_snapshot_xmin(r.prev);
    if not waits_for then execute format('drop table sync.%I', part.name); end if;
  end if;
  for day in select generate_series(current_date, current_date + 2, interval '1 day')::date loop
    if to_regclass('sync.change_log_' || to_char(day, 'YYYYMMDD')) is null
       and not exists (select from sync.change_log_rest where at >= day and at < day + 1) then
      execute format('create table sync.%I partition of sync.change_log for values from (%L) to (%L)',
                     'change_log_' || to_char(day, 'YYYYMMDD'), day, day + 1);
    end if;
  end loop;
  for first_pos in select (r.pos / feed_rows + n) * feed_rows from generate_series(0, 1) n loop
    if to_regclass('sync.feed_' || first_pos) is null
       and not exists (select from sync.feed_rest where pos >= first_pos and pos < first_pos + feed_rows) then
      execute format('create table sync.%I partition of sync.feed for values from (%s) to (%s)',
                     'feed_' || first_pos, first_pos, first_pos + feed_rows);
    end if;
  end loop;
end $$;
-- At least those of today and the first positions exist before the first change.
select sync.keep_partitions();

-- An installation of an app, as one user's in one hospital. last_seq counts its changes that took effect or were refused.
create table sync.device (
  id             uuid primary key,
  hospital_id    uuid not null references public.hospital,
  user_id        uuid not null references public.app_user,
  name           text not null check (length(name) between 1 and 100),
  app            text check (length(app) <= 100),
  schema_version int not null,
  last_seq       bigint not null default 0,
  -- What the device may hold, as it was last told, and what it has said to have purged to.
  scope          text[] not null default '{}',
  scope_ver      text,
  scope_before   text[] not null default '{}',
  ver_before     text,
  scope_acked    text,
  skew_ms        bigint,
  registered_at  timestamptz not null default now(),
  seen_at        timestamptz,
  revoked_at     timestamptz,
  wipe           boolean not null default false
) with (fillfactor = 70);
create index device_of_user on sync.device (user_id, hospital_id) where revoked_at is null;
create index device_of_hospital on sync.device (hospital_id, id);

-- Record numbers a device may give patients it registers offline; nobody else is given them.
create table sync.number_block (
  device_id  uuid not null references sync.device,
  first_no   bigint not null,
  last_no    bigint not null check (last_no >= first_no),
  at         timestamptz not null default now(),
  primary key (device_id, first_no)
);

-- What became of each change, in the transaction of its effect. Ids are UUIDv7, so partitions of them are times.
create table sync.op (
  op_id        uuid not null,
  hospital_id  uuid not null,
  device_id    uuid not null,
  seq          bigint not null,
  entity       smallint,
  row_id       uuid,
  status       text not null check (status in ('applied', 'merged', 'conflict', 'rejected', 'blocked')),
  code         text,
  version      bigint,
  user_id      uuid not null,
  client_at    timestamptz,
  skew_ms      bigint,
  at           timestamptz not null default now(),
  primary key (hospital_id, op_id)
);
create index op_of_device on sync.op (device_id, seq);
-- Which versions of a row are a device's own.
create index op_of_row on sync.op (row_id, device_id) include (version) where version is not null;

revoke all on all functions in schema sync from public;
grant usage on schema sync to hms_ingest, hms_api;
grant execute on function sync.relay_step(int), sync.keep_partitions(int, int, bigint), sync.keys_of(uuid, uuid) to hms_ingest;
grant select on sync.relay, sync.feed, sync.epoch, sync.entity to hms_ingest;
grant select, insert on sync.op, sync.number_block to hms_ingest;
grant select, insert, update on sync.device to hms_ingest;
grant select on sync.device, sync.relay to hms_api;
grant update (revoked_at, wipe) on sync.device to hms_api;
