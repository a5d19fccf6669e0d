-- Up Migration

-- Appointments that phones and tablets hold, and what they ask for: libs/scheduling says what is offered, the tables who gets it.

do $$ begin
  execute format($create$
    -- Books `a`, an appointment with {"seats": [...]} as place_appointment takes them, which does it. The one it comes in place
    -- of is moved away first.
    create function book_appointment(hospital uuid, a jsonb) returns void
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    declare
      moved record;
      placed record;
      wanted constant jsonb := jsonb_build_object(
        'id', a -> 'id', 'patientId', a -> 'patient_id', 'providerId', a -> 'provider_id', 'serviceId', a -> 'service_id',
        'siteId', a -> 'site_id', 'status', 'booked', 'start', a -> 'start_at', 'end', a -> 'end_at', 'tz', a -> 'tz_at_booking',
        'reason', a -> 'reason', 'notes', a -> 'notes', 'source', a -> 'source', 'contactPhone', a -> 'contact_phone',
        'doctorName', a -> 'doctor_name', 'clinicName', a -> 'clinic_name', 'overbookReason', a -> 'overbook_reason',
        'rescheduleOf', a -> 'reschedule_of', 'by', a -> 'updated_by');
    begin
      if a ->> 'reschedule_of' is not null then
        update %1$I.appointment o set status = 'rescheduled', status_reason = null, updated_by = (a ->> 'updated_by')::uuid
         where o.id = (a ->> 'reschedule_of')::uuid and o.patient_id = (a ->> 'patient_id')::uuid and o.status <> 'rescheduled'
        returning o.id, o.version into moved;
        if not found then
          raise exception 'it was moved already' using errcode = 'check_violation', constraint = 'appointment_move';
        end if;
        perform public.append_outbox(hospital, jsonb_build_array(jsonb_build_object(
          'id', public.uuid_v7(), 'type', 'appointment.rescheduled', 'actor_id', a ->> 'updated_by',
          'payload', jsonb_build_object('id', moved.id, 'patientId', a ->> 'patient_id', 'version', moved.version,
                                        'successorId', a ->> 'id'))));
      end if;
      for placed in select (p.appointment).id, (p.appointment).patient_id, (p.appointment).version, p.seats
                      from %1$I.place_appointment(wanted, a -> 'seats', now()) p loop
        if placed.seats is null then
          perform public.append_outbox(hospital, jsonb_build_array(jsonb_build_object(
            'id', public.uuid_v7(), 'type', 'appointment.hold-expired', 'payload',
            jsonb_build_object('id', placed.id, 'patientId', placed.patient_id, 'version', placed.version))));
        elsif array_position(placed.seats, null) is not null then
          raise exception 'all seats are taken' using errcode = 'exclusion_violation', constraint = 'appointment_slot_taken';
        end if;
      end loop;
      if not found then
        raise exception 'there is no such patient' using errcode = 'foreign_key_violation';
      end if;
    end $body$;

    -- Takes the appointment to another state. Who is checked in gets the next number of the site's queue of today, and what
    -- becomes of the appointment becomes of the number.
    create function move_appointment(hospital uuid, a jsonb) returns void
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    declare
      before record;
      token_id uuid;
      token_version int;
      number int;
    begin
      select o.patient_id, o.site_id, o.service_id, (now() at time zone s.tz)::date as today into before
        from %1$I.appointment o join %1$I.site s on s.id = o.site_id where o.id = (a ->> 'id')::uuid for no key update of o;
      -- A hold that ended, over which somebody has booked.
      if not found then
        raise exception 'it is gone' using errcode = 'check_violation', constraint = 'appointment_move';
      end if;
      if a ->> 'status' = 'checked_in' then
        insert into %1$I.queue as q (site_id, service_id, service_day, last_number)
        values (before.site_id, before.service_id, before.today, 1)
        on conflict (site_id, service_id, service_day) do update set last_number = q.last_number + 1
        returning q.last_number into number;
        insert into %1$I.queue_token as t
               (id, site_id, service_id, service_day, number, patient_id, appointment_id, created_by, updated_by)
        values (public.uuid_v7(), before.site_id, before.service_id, before.today, number, before.patient_id, (a ->> 'id')::uuid,
                (a ->> 'updated_by')::uuid, (a ->> 'updated_by')::uuid)
        returning t.id, t.version into token_id, token_version;
      end if;
      update %1$I.appointment o
         set status = a ->> 'status', status_reason = a ->> 'status_reason', updated_by = (a ->> 'updated_by')::uuid,
             token_no = coalesce(number, o.token_no)
       where o.id = (a ->> 'id')::uuid;
      if a ->> 'status' in ('in_progress', 'cancelled') then
        update %1$I.queue_token t
           set status = case a ->> 'status' when 'in_progress' then 'done' else 'left' end, updated_by = (a ->> 'updated_by')::uuid
         where t.appointment_id = (a ->> 'id')::uuid and t.status in ('waiting', 'called')
        returning t.id, t.version into token_id, token_version;
      end if;
      if token_id is null then return; end if;
      perform public.append_outbox(hospital, jsonb_build_array(jsonb_build_object(
        'id', public.uuid_v7(), 'type', 'queue-token.changed', 'actor_id', a ->> 'updated_by',
        'payload', jsonb_build_object('id', token_id, 'patientId', before.patient_id, 'version', token_version))));
    end $body$;

    -- What devices did to appointments, in their order: [{"kind": "insert" | "update", ...columns}].
    create function store_appointments(hospital uuid, changes jsonb) returns void
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    declare
      change jsonb;
    begin
      for change in select c.value from jsonb_array_elements(changes) c loop
        if change ->> 'kind' = 'insert' then perform %1$I.book_appointment(hospital, change);
        else perform %1$I.move_appointment(hospital, change); end if;
      end loop;
    end $body$;
  $create$, current_schema());
end $$;
revoke all on function book_appointment(uuid, jsonb), move_appointment(uuid, jsonb), store_appointments(uuid, jsonb) from public;
grant execute on function store_appointments(uuid, jsonb) to hms_ingest;
grant select on site, service_type, resource, schedule_rule, schedule_exception, scheduling_setting, appointment_resource
  to hms_ingest;
-- Rows that are about to be changed are locked.
grant select, update (updated_by) on appointment to hms_ingest;

do $$ begin
  perform sync.track(current_schema()::text, 'appointments');
  -- Anew, for appointments follow their patient to another ward.
  perform sync.track(current_schema()::text, 'patients');
end $$;

-- As if they had just changed, for what compares rows with the feed. No device has asked for them yet.
insert into sync.change_log (hospital_id, entity, row_id, version, op, keys)
select h.id, 6, a.id, a.version, 'U', sync.keys_of(p.id, p.ward_id)
  from appointment a join patient p on p.id = a.patient_id
  join public.hospital h on 'hospital_' || h.slug = current_schema()
 where a.updated_at > now() - interval '36 days'
 order by a.id;
