-- Up Migration

-- What is to be done about the alarms of all hospitals, and when: an index over their schemas, kept by triggers on
-- `alarm` ('tell': its escalate_at) and `alarm_notification` ('mail': its due_at). Whoever does the work reads the
-- hospital's own rows again. No foreign key to the hospital: each would lock its row for every alarm.
create table public.alarm_agenda (
  item_id      uuid primary key,
  hospital_id  uuid not null,
  kind         text not null check (kind in ('tell', 'mail')),
  due_at       timestamptz not null
);
create index alarm_agenda_due on public.alarm_agenda (due_at);
grant select on public.alarm_agenda to hms_api;

-- Arguments of the trigger: the kind, and the column that says when.
create function public.keep_alarm_agenda() returns trigger
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  due constant timestamptz := to_jsonb(new) ->> tg_argv[1];
begin
  if due is null then
    delete from public.alarm_agenda where item_id = new.id;
  else
    insert into public.alarm_agenda (item_id, hospital_id, kind, due_at)
    select new.id, h.id, tg_argv[0], due from public.hospital h where 'hospital_' || h.slug = tg_table_schema
    on conflict (item_id) do update set due_at = excluded.due_at;
  end if;
  return null;
end $$;

-- Those of the acting hospital who hold one of the roles and work on the ward now; says nothing of any other hospital.
create function public.members_on_ward(wanted text[], ward uuid) returns setof uuid
  language sql stable security definer set search_path = pg_catalog
  as $$ select distinct m.user_id
          from public.membership m join public.app_user u on u.id = m.user_id
         where m.hospital_id = public.acting_hospital() and m.role = any (wanted) and u.status = 'active'
               and m.accepted_at is not null and m.disabled_at is null and m.revoked_at is null
               and (m.ward_ids = '{}' or ward = any (m.ward_ids)) $$;
revoke all on function public.members_on_ward(text[], uuid) from public;
grant execute on function public.members_on_ward(text[], uuid) to hms_hospital;
