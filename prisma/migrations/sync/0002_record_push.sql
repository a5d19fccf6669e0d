-- Up Migration

-- What there is to write down of a push besides its effects, in the transaction of those: what became of each op, how far
-- devices have come and what they may hold, what the audit keeps and what other services hear. One statement, whose plans
-- the server keeps: drawn up anew, they take longer than what they do.
create function sync.record_push(hospital uuid, record jsonb) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if jsonb_array_length(record -> 'ops') > 0 then
    insert into sync.op (op_id, hospital_id, device_id, seq, entity, row_id, status, code, version, user_id, client_at, skew_ms)
    select o.op_id, hospital, o.device_id, o.seq, o.entity, o.row_id, o.status, o.code, o.version, o.user_id, o.client_at, o.skew_ms
      from jsonb_populate_recordset(null::sync.op, record -> 'ops') o;
  end if;
  update sync.device d
     set last_seq = n.last_seq, seen_at = now(), schema_version = n.schema_version, app = coalesce(n.app, d.app),
         skew_ms = coalesce(n.skew_ms, d.skew_ms), scope = n.scope, scope_ver = n.scope_ver,
         scope_before = n.scope_before, ver_before = n.ver_before, scope_acked = n.scope_acked
    from jsonb_populate_recordset(null::sync.device, record -> 'devices') n
   where d.id = n.id and d.hospital_id = hospital;
  if jsonb_array_length(record -> 'audit') > 0 then
    perform public.append_audit(record -> 'audit');
  end if;
  if jsonb_array_length(record -> 'events') > 0 then
    perform public.append_outbox(hospital, record -> 'events');
  end if;
end $$;
revoke all on function sync.record_push(uuid, jsonb) from public;
grant execute on function sync.record_push(uuid, jsonb) to hms_ingest;
