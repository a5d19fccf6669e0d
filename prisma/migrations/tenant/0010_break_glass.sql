-- Up Migration

-- One person reaches one patient past the limits of their wards, for an hour at most, and somebody else looks at it.
create table break_glass (
  id             uuid primary key,
  patient_id     uuid not null references patient,
  user_id        uuid not null,
  session_id     uuid not null,
  reason_code    text not null check (reason_code in ('emergency', 'cover', 'transfer', 'consultation', 'other')),
  justification  text not null check (length(justification) between 20 and 1000),
  opened_at      timestamptz not null,
  expires_at     timestamptz not null check (expires_at <= opened_at + interval '60 minutes'),
  closed_at      timestamptz,
  review_due_at  timestamptz not null,
  reviewed_at    timestamptz,
  reviewed_by    uuid,
  outcome        text check (outcome in ('justified', 'unjustified')),
  review_note    text check (length(review_note) between 1 and 1000),
  check (expires_at > opened_at and closed_at between opened_at and expires_at),
  check ((reviewed_at is null) = (reviewed_by is null) and (reviewed_at is null) = (outcome is null)),
  -- nobody judges themself
  check (reviewed_by <> user_id),
  constraint break_glass_once exclude using gist (
    user_id with =, patient_id with =, tstzrange(opened_at, coalesce(closed_at, expires_at)) with &&)
);
create index break_glass_unreviewed on break_glass (review_due_at) where reviewed_at is null;

-- What was claimed and when stays as it was; only closing and reviewing come later, once each.
create function protect_break_glass() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if (new.id, new.patient_id, new.user_id, new.session_id, new.reason_code, new.justification, new.opened_at,
      new.expires_at, new.review_due_at)
     is distinct from
     (old.id, old.patient_id, old.user_id, old.session_id, old.reason_code, old.justification, old.opened_at,
      old.expires_at, old.review_due_at)
     or (old.closed_at is not null and new.closed_at is distinct from old.closed_at)
     or (old.reviewed_at is not null and
         (new.reviewed_at, new.reviewed_by, new.outcome, new.review_note) is distinct from
         (old.reviewed_at, old.reviewed_by, old.outcome, old.review_note)) then
    raise exception 'a broken glass is not mended' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger protect_break_glass before update on break_glass for each row execute function protect_break_glass();

do $$ begin
  execute format('grant select, insert on break_glass to %I', current_schema());
  execute format('grant update (closed_at, reviewed_at, reviewed_by, outcome, review_note) on break_glass to %I', current_schema());
end $$;
