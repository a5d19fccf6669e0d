-- Up Migration

-- What ingest must know of the sessions whose tokens come with a sync, and no more: the tables themselves stay closed.
create function public.sessions_of(session_ids uuid[])
  returns table (session_id uuid, user_id uuid, kind text, amr jsonb, last_seen_at timestamptz, expires_at timestamptz,
                 mfa_at timestamptz, hospital_id uuid, slug text, roles jsonb, ward_ids jsonb)
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select s.id, s.user_id, s.kind, to_jsonb(s.amr), s.last_seen_at, s.expires_at, s.mfa_at, h.id, h.slug, to_jsonb(held.roles),
         case when held.everywhere then null else to_jsonb(held.ward_ids) end
    from public.session s
    join public.app_user u on u.id = s.user_id and u.status = 'active'
    join public.hospital h on h.id = s.hospital_id and h.status = 'active'
   cross join lateral (
     select array_agg(distinct m.role) as roles, bool_or(cardinality(m.ward_ids) = 0) as everywhere,
            array(select distinct w from public.membership n, unnest(n.ward_ids) w
                   where n.user_id = s.user_id and n.hospital_id = h.id and n.accepted_at is not null
                     and n.revoked_at is null and n.disabled_at is null) as ward_ids
       from public.membership m
      where m.user_id = s.user_id and m.hospital_id = h.id and m.accepted_at is not null
        and m.revoked_at is null and m.disabled_at is null) held
   where s.id = any (session_ids) and s.revoked_at is null and held.roles is not null
$$;
revoke all on function public.sessions_of(uuid[]) from public;
grant execute on function public.sessions_of(uuid[]) to hms_ingest;
-- What is synced is audited, in the transaction of the sync.
grant execute on function public.append_audit(jsonb) to hms_ingest;

-- Events of what a sync changed, in its transaction. The hospital is the one of the verified session.
create function public.append_outbox(hospital uuid, events jsonb) returns void
  language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.outbox_event (id, hospital_id, type, payload, actor_id)
  select e.id, hospital, e.type, e.payload, e.actor_id
    from jsonb_to_recordset(events) as e (id uuid, type text, payload jsonb, actor_id uuid)
$$;
revoke all on function public.append_outbox(uuid, jsonb) from public;
grant execute on function public.append_outbox(uuid, jsonb) to hms_ingest;
