-- Up Migration

-- Puts an appointment into seats of its own in one round trip, with the rights of whoever asks. Answers it with its seats, one
-- of each resource in their order; the last is null when all seats of that resource are taken, and then nothing of the
-- transaction may stay. Holds that ended and stood in the way are gone and answered too, without seats. Answers nothing when
-- there is no such patient; otherwise the patient is neither deleted nor dead before the transaction ends. Nobody waits for the
-- dead: that is refused as `appointment_patient_deceased`.
do $$ begin
  execute format($create$
    create function place_appointment(wanted jsonb, resources jsonb, as_of timestamptz)
      returns table (appointment %1$I.appointment, seats int[])
      language plpgsql set search_path = pg_catalog, pg_temp as $body$
    declare
      w record;
      needed record;
      seat int;
      has_died boolean;
    begin
      select x.* into w from jsonb_to_record(wanted) as x (
        "id" uuid, "patientId" uuid, "providerId" uuid, "serviceId" uuid, "siteId" uuid, "status" text, "start" timestamptz,
        "end" timestamptz, "tz" text, "reason" text, "notes" text, "source" text, "contactPhone" text, "doctorName" text,
        "clinicName" text, "overbookReason" text, "holdExpiresAt" timestamptz, "rescheduleOf" uuid, "by" uuid);
      select p.deceased_at is not null into has_died
        from %1$I.patient p where p.id = w."patientId" and p.deleted_at is null for share;
      if not found then return; end if;
      if has_died then
        raise exception 'the patient died' using errcode = 'check_violation', constraint = 'appointment_patient_deceased';
      end if;

      -- A constraint does not know the time: who comes after a hold that expired takes it away. What an encounter names stays.
      return query
        delete from %1$I.appointment a
         where a.status = 'held' and a.hold_expires_at <= as_of
               and a.id in (select r.appointment_id
                              from jsonb_to_recordset(resources) as n ("resourceId" uuid, "from" timestamptz, "to" timestamptz)
                                   join %1$I.appointment_resource r
                                     on r.resource_id = n."resourceId" and r.during && tstzrange(n."from", n."to")
                             where r.blocks and r.expires_at <= as_of
                            union all
                            select p.id from %1$I.appointment p
                             where p.patient_id = w."patientId" and p.blocks and p.patient_exclusive
                                   and p.hold_expires_at <= as_of and p.during && tstzrange(w."start", w."end"))
               and not exists (select from %1$I.encounter e where e.appointment_id = a.id)
        returning a, null::int[];

      insert into %1$I.appointment as a
             (id, patient_id, provider_id, service_id, site_id, status, during, tz_at_booking, reason, notes, source,
              contact_phone, doctor_name, clinic_name, overbook, overbook_reason, hold_expires_at, reschedule_of,
              created_by, updated_by)
      values (w."id", w."patientId", w."providerId", w."serviceId", w."siteId", w."status", tstzrange(w."start", w."end"),
              w."tz", w."reason", w."notes", w."source", w."contactPhone", w."doctorName", w."clinicName",
              w."overbookReason" is not null, w."overbookReason", w."holdExpiresAt", w."rescheduleOf", w."by", w."by")
      returning a.* into appointment;

      seats := '{}';
      for needed in
        select n.* from jsonb_to_recordset(resources)
                   as n ("resourceId" uuid, "from" timestamptz, "to" timestamptz, "capacity" int)
      loop
        -- Which is free is decided by appointment_resource_no_overlap alone, which waits for whoever is about to take one.
        seat := 1;
        loop
          insert into %1$I.appointment_resource (appointment_id, resource_id, seat_no, during)
          values (w."id", needed."resourceId", seat, tstzrange(needed."from", needed."to"))
          on conflict do nothing;
          exit when found;
          seat := seat + 1;
          if seat > needed."capacity" then
            seat := null;
            exit;
          end if;
        end loop;
        seats := array_append(seats, seat);
        exit when seat is null;
      end loop;
      return next;
    end $body$;
  $create$, current_schema());
end $$;
