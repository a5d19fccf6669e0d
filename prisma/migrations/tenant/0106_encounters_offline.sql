-- Up Migration

-- Encounters that phones and tablets hold, and what was done to them there.

do $$ begin
  execute format($create$
    -- What became of encounters, in its order: [{"kind": "insert" | "update", ...columns}]. One that belongs to no visit begins
    -- one, at {"opened_at", "site_id"}.
    create function store_encounters(changes jsonb) returns void
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    declare
      change jsonb;
      visit uuid;
    begin
      for change in select c.value from jsonb_array_elements(changes) c loop
        if change ->> 'kind' = 'update' then
          update %1$I.encounter e
             set (status, responsible_id, chief_complaint, acuity, disposition, status_reason, started_at, ended_at, updated_by) =
                 (select n.status, n.responsible_id, n.chief_complaint, n.acuity, n.disposition, n.status_reason, n.started_at,
                         n.ended_at, n.updated_by from jsonb_populate_record(e, change) n)
           where e.id = (change ->> 'id')::uuid;
          continue;
        end if;
        if change ->> 'appointment_id' is not null then
          perform from %1$I.appointment a
            where a.id = (change ->> 'appointment_id')::uuid and a.patient_id = (change ->> 'patient_id')::uuid
              and a.status in ('booked', 'confirmed', 'checked_in', 'in_progress', 'completed') for share;
          if not found then
            raise exception 'no such appointment is kept' using errcode = 'check_violation', constraint = 'encounter_appointment';
          end if;
        end if;
        visit := (change ->> 'visit_id')::uuid;
        if visit is null then
          insert into %1$I.visit (id, patient_id, site_id, opened_at, created_by)
          values (public.uuid_v7(), (change ->> 'patient_id')::uuid, (change ->> 'site_id')::uuid,
                  (change ->> 'opened_at')::timestamptz, (change ->> 'created_by')::uuid)
          returning id into visit;
        end if;
        insert into %1$I.encounter (id, patient_id, visit_id, appointment_id, class, status, responsible_id, chief_complaint,
                                    planned_for, started_at, created_by, updated_by)
        select n.id, n.patient_id, visit, n.appointment_id, n.class, n.status, n.responsible_id, n.chief_complaint, n.planned_for,
               n.started_at, n.created_by, n.updated_by
          from jsonb_populate_record(null::%1$I.encounter, change) n;
      end loop;
    end $body$;
  $create$, current_schema());
end $$;
revoke all on function store_encounters(jsonb) from public;
grant execute on function store_encounters(jsonb) to hms_ingest;
-- Rows that are about to be changed are locked.
grant select, update (updated_by) on encounter to hms_ingest;

do $$ begin
  perform sync.track(current_schema()::text, 'encounters');
  perform sync.track(current_schema()::text, 'patients');
end $$;

-- As if they had just changed, for what compares rows with the feed. No device has asked for them yet.
insert into sync.change_log (hospital_id, entity, row_id, version, op, keys)
select h.id, 7, e.id, e.version, 'U', sync.keys_of(p.id, p.ward_id)
  from encounter e join patient p on p.id = e.patient_id
  join public.hospital h on 'hospital_' || h.slug = current_schema()
 where e.updated_at > now() - interval '36 days'
 order by e.id;
