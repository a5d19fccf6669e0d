-- Up Migration

-- An invitation ends by being accepted, by another that takes its place, or with time. Of one person to one hospital at
-- most one is open.
alter table public.invitation
  add column revoked_at timestamptz,
  add check (accepted_at is null or revoked_at is null);
update public.invitation old set revoked_at = now()
 where accepted_at is null and exists (
   select from public.invitation later
    where later.user_id = old.user_id and later.hospital_id = old.hospital_id
      and (later.created_at, later.token_hash) > (old.created_at, old.token_hash));
create unique index invitation_open on public.invitation (user_id, hospital_id)
  where accepted_at is null and revoked_at is null;

-- Whoever has left or was disabled since invited in vain.
create function public.may_invite(inviter uuid, hospital uuid) returns boolean
  language sql stable set search_path = pg_catalog
  as $$
    select exists (
      select from public.app_user u
       where u.id = inviter and u.status = 'active' and (u.platform_role = 'super_admin' or exists (
         select from public.membership m
          where m.user_id = inviter and m.hospital_id = hospital and m.role = 'hospital_admin'
            and m.accepted_at is not null and m.disabled_at is null and m.revoked_at is null)))
  $$;
