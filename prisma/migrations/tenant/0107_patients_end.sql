-- Up Migration

-- Whoever died, or whose record is deleted, is awaited no more, whichever service heard of it.
do $$ begin
  execute format($create$
    -- Cancels what is still to begin, closes numbers and waitlist entries, and tells of each. In the transaction of the change of
    -- the patient: whoever books meanwhile waits for that, or was waited for.
    create function end_awaited(gone %1$I.patient) returns void
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    declare
      why constant text := case when gone.deleted_at is null then 'The patient died' else 'The record of the patient was deleted' end;
      events jsonb;
    begin
      perform from %1$I.appointment a
        where a.patient_id = gone.id and a.status in ('held', 'booked', 'confirmed', 'checked_in') order by a.id for no key update;
      with cancelled as (
        update %1$I.appointment a set status = 'cancelled', status_reason = why, updated_by = gone.updated_by
         where a.patient_id = gone.id and a.status in ('held', 'booked', 'confirmed', 'checked_in')
        returning a.id, a.version
      ), went as (
        update %1$I.queue_token t set status = 'left', updated_by = gone.updated_by
         where t.patient_id = gone.id and t.status in ('waiting', 'called')
        returning t.id, t.version
      ), closed as (
        update %1$I.waitlist_entry w set closed_at = now()
         where w.patient_id = gone.id and w.closed_at is null
               and not exists (select from %1$I.appointment a
                                where a.id = w.appointment_id and a.status in ('in_progress', 'completed', 'rescheduled', 'no_show'))
        returning w.id, w.version
      )
      select jsonb_agg(jsonb_build_object(
               'id', public.uuid_v7(), 'type', e.type, 'actor_id', gone.updated_by,
               'payload', jsonb_build_object('id', e.id, 'patientId', gone.id, 'version', e.version)))
        into events
        from (select 'appointment.cancelled' as type, c.* from cancelled c
              union all select 'queue-token.changed', t.* from went t
              union all select 'waitlist.left', w.* from closed w) e;
      if events is not null then
        perform public.append_outbox((select h.id from public.hospital h where 'hospital_' || h.slug = %1$L), events);
      end if;
    end $body$;

    create function end_awaited_of_patient() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
      perform %1$I.end_awaited(new);
      return null;
    end $body$;

    -- Says what is so already: whoever asked had seen another state.
    create function guard_appointment_repeated() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    begin
      raise exception 'an appointment is %% already', new.status using errcode = 'check_violation', constraint = 'appointment_move';
    end $body$;
  $create$, current_schema());
end $$;
revoke all on function end_awaited(patient), end_awaited_of_patient() from public;

create index queue_token_of_patient on queue_token (patient_id);
create trigger end_awaited_of_patient after update of deceased_at, deleted_at on patient for each row
  when (old.deceased_at is null and new.deceased_at is not null or old.deleted_at is null and new.deleted_at is not null)
  execute function end_awaited_of_patient();
create trigger guard_appointment_repeated before update of status on appointment for each row
  when (old.status = new.status) execute function guard_appointment_repeated();

-- Devices delete records and move patients too, and their service reads no admissions.
alter function guard_patient_admitted() security definer;
alter function guard_patient_ward() security definer;
revoke all on function guard_patient_admitted(), guard_patient_ward() from public;

-- Those of whom only the devices' service had heard.
select end_awaited(p) from patient p where p.deceased_at is not null or p.deleted_at is not null order by p.id;
