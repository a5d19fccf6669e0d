-- Up Migration

-- Who somebody is to another party that vouches for people. Nobody is ever found by e-mail through it.
create table public.external_identity (
  issuer      text not null check (length(issuer) between 1 and 200),
  subject     text not null check (length(subject) between 1 and 128),
  user_id     uuid not null references public.app_user,
  created_at  timestamptz not null default now(),
  primary key (issuer, subject)
);
create index external_identity_by_user on public.external_identity (user_id);

grant select, insert on public.external_identity to hms_api;
