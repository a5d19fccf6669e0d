import { syncEntities } from '@hms/contracts';
import type { TestHospital } from '../../testing/test-hospital.js';

/**
 * Writes down what is committed to the tables devices hold, in its order: which version of which row, and the text that
 * came with it, or the id of a row without one. While the disk is full, nothing is.
 */
export async function traceChanges(hospital: TestHospital): Promise<void> {
  await hospital.rows(`
    create table {schema}.model_trace (n bigserial, tab text, id uuid, version int, op text, said text, signed_at text);
    create table {schema}.model_disk_full (is_so boolean);
    create function {schema}.model_trace() returns trigger language plpgsql security definer as $$
    declare
      before jsonb := case tg_op when 'INSERT' then '{}' else to_jsonb(old) end;
      after jsonb := case tg_op when 'DELETE' then '{}' else to_jsonb(new) end;
      said text := case when tg_op = 'INSERT' then coalesce(after ->> 'text', after ->> 'display', after ->> 'id') end;
      field text;
    begin
      if exists (select from {schema}.model_disk_full) then
        raise exception 'could not extend file' using errcode = 'disk_full';
      end if;
      foreach field in array array['text', 'display', 'phone'] loop
        if tg_op = 'UPDATE' and after -> field is distinct from before -> field then said := after ->> field; end if;
      end loop;
      insert into {schema}.model_trace (tab, id, version, op, said, signed_at)
      values (tg_table_name, coalesce(after ->> 'id', before ->> 'id')::uuid, (after ->> 'version')::int, tg_op, said,
              after ->> 'signed_at');
      return null;
    end $$;
    ${Object.values(syncEntities)
      .map(
        ({ table }) => `create trigger model_trace after insert or update or delete on {schema}.${table}
                          for each row execute function {schema}.model_trace();`,
      )
      .join('\n')}`);
}
