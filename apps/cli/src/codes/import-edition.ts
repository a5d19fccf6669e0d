import type pg from 'pg';
import type { EditionCode } from './read-edition.js';

export interface EditionOutcome {
  readonly added: number;
  readonly changed: number;
  readonly retired: number;
}

const counts = `
  with edition as (
    select e.code, e.display, e.recordable
      from jsonb_to_recordset($1::jsonb) as e (code text, display text, recordable boolean))
  select count(*) filter (where k.code is null)::int as added,
         count(*) filter (where k.code is not null
                            and (k.display, k.recordable, k.active) is distinct from (e.display, e.recordable, true))::int as changed,
         (select count(*)::int from public.icd10_code o
           where o.active and not exists (select from edition n where n.code = o.code)) as retired
    from edition e left join public.icd10_code k on k.code = e.code`;

const bring = `
  insert into public.icd10_code as known (code, display, recordable)
  select e.code, e.display, e.recordable
    from jsonb_to_recordset($1::jsonb) as e (code text, display text, recordable boolean)
  on conflict (code) do update set display = excluded.display, recordable = excluded.recordable, active = true
   where (known.display, known.recordable, known.active) is distinct from (excluded.display, excluded.recordable, true)`;

const retire = `
  update public.icd10_code o set active = false
   where o.active and not exists (select from jsonb_to_recordset($1::jsonb) as e (code text) where e.code = o.code)`;

/** Makes the edition what can be recorded, or only says what that would change. */
export async function importEdition(
  owner: pg.ClientBase,
  edition: readonly EditionCode[],
  dryRun: boolean,
): Promise<EditionOutcome> {
  const parameters = [JSON.stringify(edition)];
  const { rows } = await owner.query<EditionOutcome>(counts, parameters);
  if (!dryRun) {
    await owner.query(bring, parameters);
    await owner.query(retire, parameters);
  }
  return rows[0] ?? { added: 0, changed: 0, retired: 0 };
}
