-- Up Migration

-- What the sync protocols of others need (docs/sync-compat.md): their clients bring one number where ours bring a cursor.

-- What a replica of such a client was made of, under a number that its checkpoints carry: the feed, by which keys it might
-- hold rows, which fields it was shown. A checkpoint under another number than today's tells what has changed since.
create table sync.replica (
  device_id  uuid not null references sync.device on delete cascade,
  no         int not null check (no between 1 and 65535),
  -- JSON, always written in the same order.
  content    text not null,
  at         timestamptz not null default now(),
  primary key (device_id, no)
);
create unique index replica_by_content on sync.replica (device_id, md5(content));

-- Whether any of the rows, [{"entity", "id"}], changed after a position: what is committed and not relayed yet counts too.
create function sync.changed_since(hospital uuid, since bigint, rows jsonb) returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with asked as (select (r ->> 'entity')::smallint as entity, (r ->> 'id')::uuid as id from jsonb_array_elements(rows) r)
  select exists (select from sync.feed f join asked a on a.entity = f.entity and a.id = f.row_id
                  where f.hospital_id = hospital and f.pos > since)
      or exists (select from sync.relay r
                   join sync.change_log c on c.xid >= pg_snapshot_xmin(r.prev) and not pg_visible_in_snapshot(c.xid, r.prev)
                   join asked a on a.entity = c.entity and a.id = c.row_id
                  where c.hospital_id = hospital)
$$;

-- Has a device told how rows, [{"entity", "id"}], stand, as if they had changed: it took them to be otherwise. Nobody but
-- this device has the key.
create function sync.tell_device(device uuid, rows jsonb) returns void
  language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into sync.change_log (hospital_id, entity, row_id, version, op, keys_before)
  select d.hospital_id, (r ->> 'entity')::smallint, (r ->> 'id')::uuid, 0, 'U', array['device:' || d.id]
    from sync.device d, jsonb_array_elements(rows) r where d.id = device
$$;

revoke all on function sync.changed_since(uuid, bigint, jsonb), sync.tell_device(uuid, jsonb) from public;
grant execute on function sync.changed_since(uuid, bigint, jsonb), sync.tell_device(uuid, jsonb) to hms_ingest;
grant select, insert on sync.replica to hms_ingest;
