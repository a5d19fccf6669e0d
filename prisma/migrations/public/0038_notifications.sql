-- Up Migration

-- Installations of the app that a push reaches. A token belongs to whoever registered it last, in whatever hospital: the
-- next person to hold the phone must not be shown what was meant for the one before.
create table public.push_token (
  id                  uuid primary key,
  user_id             uuid not null references public.app_user,
  token               text not null unique check (length(token) between 8 and 1024),
  platform            text not null check (platform in ('android', 'ios', 'web')),
  created_at          timestamptz not null default now(),
  registered_at       timestamptz not null default now(),
  deactivated_at      timestamptz,
  deactivated_reason  text check (deactivated_reason in ('signed-out', 'unregistered')),
  check ((deactivated_at is null) = (deactivated_reason is null))
);
create index push_token_by_user on public.push_token (user_id) where deactivated_at is null;
grant select, insert, update on public.push_token to hms_api;

-- What is to be sent in all hospitals, and when: an index over their schemas, kept by triggers of their tables. Whoever
-- does the work reads the hospital's own rows again. No foreign key to the hospital: each would lock its row.
create table public.notification_agenda (
  item_id      uuid primary key,
  hospital_id  uuid not null,
  queue        text not null check (queue in ('email', 'sms', 'push', 'reminder')),
  due_at       timestamptz not null
);
create index notification_agenda_due on public.notification_agenda (queue, due_at);
grant select on public.notification_agenda to hms_api;

-- For tables with `id` and `due_at`, once a statement; the queue is the row's channel, or else the trigger's argument.
create function public.keep_notification_agenda() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from public.notification_agenda a using changed c where a.item_id = c.id and c.due_at is null;
  insert into public.notification_agenda as a (item_id, hospital_id, queue, due_at)
  select c.id, h.id, coalesce(to_jsonb(c) ->> 'channel', tg_argv[0]), c.due_at
    from changed c join public.hospital h on 'hospital_' || h.slug = tg_table_schema
   where c.due_at is not null
   order by c.id
  on conflict (item_id) do update set due_at = excluded.due_at where a.due_at <> excluded.due_at;
  return null;
end $$;
revoke all on function public.keep_notification_agenda() from public;

-- How to reach those of them who belong to the acting hospital now; says nothing of any other hospital.
create function public.notification_contacts(users uuid[])
  returns table (user_id uuid, email text, display_name text, patient_id uuid, push_token_ids uuid[])
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$ select u.id, u.email::text, u.display_name, m.patient_id,
               array(select t.id from public.push_token t
                      where t.user_id = u.id and t.deactivated_at is null order by t.id)
          from public.app_user u
          cross join lateral (
            select (max(m.patient_id::text))::uuid as patient_id, count(*) as held from public.membership m
             where m.user_id = u.id and m.hospital_id = public.acting_hospital()
                   and m.accepted_at is not null and m.disabled_at is null and m.revoked_at is null) as m
         where u.id = any (users) and u.status = 'active' and m.held > 0 $$;

-- The logins of patients of the acting hospital.
create function public.notification_accounts(patients uuid[]) returns table (patient_id uuid, user_id uuid)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$ select m.patient_id, m.user_id
          from public.membership m join public.app_user u on u.id = m.user_id
         where m.hospital_id = public.acting_hospital() and m.role = 'patient' and m.patient_id = any (patients)
               and u.status = 'active'
               and m.accepted_at is not null and m.disabled_at is null and m.revoked_at is null $$;

-- Who a broadcast of the acting hospital goes to, in the order of their ids, from after `past` on.
create function public.notification_audience(wanted text[], past uuid, most int) returns setof uuid
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$ select distinct m.user_id
          from public.membership m join public.app_user u on u.id = m.user_id
         where m.hospital_id = public.acting_hospital() and u.status = 'active'
               and m.accepted_at is not null and m.disabled_at is null and m.revoked_at is null
               and (wanted is null or m.role = any (wanted)) and (past is null or m.user_id > past)
         order by 1 limit most $$;

-- What texts say of the acting hospital.
create function public.notification_sender() returns table (name text, timezone text)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$ select h.name, h.timezone from public.hospital h where h.id = public.acting_hospital() $$;

revoke all on function public.notification_contacts(uuid[]), public.notification_accounts(uuid[]),
  public.notification_audience(text[], uuid, int), public.notification_sender() from public;
grant execute on function public.notification_contacts(uuid[]), public.notification_accounts(uuid[]),
  public.notification_audience(text[], uuid, int), public.notification_sender() to hms_hospital;
