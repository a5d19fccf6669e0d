import { formatMrn } from '@hms/contracts';
import type { HospitalTransaction } from './hospital-transaction.js';

/** Numbers this far above the hospital's last may have been set aside and forgotten, as by a database that went back. */
const mostForgotten = 10_000n;

/**
 * Other record numbers for new patients whose number was not set aside for the device that gave it. A number nobody was
 * given yet stays, because a wristband may say it; the hospital goes on behind it.
 * @returns by op, where the number cannot stay
 */
export async function mrnsInstead(
  { tx, hospital: { schema } }: HospitalTransaction,
  strange: readonly { readonly op: string; readonly mrn: string }[],
): Promise<ReadonlyMap<string, string>> {
  if (strange.length === 0) return new Map();
  const [counter] = await tx.unsafe<{ last: string; used: readonly string[] }[]>(
    `select value::text as last,
            (select coalesce(jsonb_agg(p.mrn), '[]') from ${schema}.patient p
              where p.mrn in (select jsonb_array_elements_text($1::text::jsonb))) as used
       from ${schema}.counter where name = 'mrn' for update`,
    [JSON.stringify(strange.map(({ mrn }) => mrn))],
  );
  const last = BigInt(counter?.last ?? 0);
  const used = new Set(counter?.used);
  let next = last;
  const others: string[] = [];
  for (const { op, mrn } of strange) {
    const no = BigInt(mrn);
    const stays = formatMrn(no) === mrn && no > last && no <= last + mostForgotten && !used.has(mrn);
    used.add(mrn);
    if (!stays) others.push(op);
    else if (no > next) next = no;
  }
  const instead = new Map(others.map((op) => [op, formatMrn(++next)]));
  await tx.unsafe(`update ${schema}.counter set value = $1::text::bigint where name = 'mrn'`, [String(next)]);
  return instead;
}
