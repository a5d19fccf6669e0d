-- Up Migration

-- Whoever is in hospital, or is about to be, has a record. Both guards lock the patient, so neither misses the other.
do $$ begin
  execute format($create$
    create function guard_patient_admitted() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    begin
      if exists (select from %1$I.admission a
                  where a.patient_id = new.id
                        and a.state in ('requested', 'accepted', 'admitted', 'discharge_ordered', 'discharge_ready')) then
        raise exception 'the record of an inpatient is not deleted'
          using errcode = 'check_violation', constraint = 'patient_admitted';
      end if;
      return new;
    end $body$;

    create function guard_admission_patient() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
    begin
      perform from %1$I.patient p where p.id = new.patient_id and p.deleted_at is null for share;
      if not found then
        raise exception 'nobody is admitted without a record'
          using errcode = 'foreign_key_violation', constraint = 'admission_patient';
      end if;
      return new;
    end $body$;
  $create$, current_schema());
end $$;
create trigger guard_patient_admitted before update of deleted_at on patient for each row
  when (old.deleted_at is null and new.deleted_at is not null) execute function guard_patient_admitted();
create trigger guard_admission_patient before insert on admission for each row execute function guard_admission_patient();
