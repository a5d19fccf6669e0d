import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { endOfPartialDate } from './partial-date.js';
import type { SearchTerm } from './patient-search.js';

const { sql, join, empty } = TenantPrisma;

/**
 * How alike a word and the nearest part of a name must be, from 0 to 1. At 0.3 `smyth` still finds `Smith` (one letter
 * of five replaced) and `jonh` finds `John` (two swapped).
 */
const wordLikeness = '0.3';

export interface PatientListing {
  readonly terms: readonly SearchTerm[];
  readonly includeDeleted: boolean;
}

export interface NamePosition {
  readonly familyName: string;
  readonly givenName: string;
  readonly id: string;
}

export interface RelevancePosition {
  /** Likeness of the whole name in thousandths. */
  readonly relevance: number;
  readonly id: string;
}

/** Ids only: what is shown of a patient is read by `PatientsRepository`. */
@Injectable()
export class PatientSearchRepository {
  /** Patients that fit, by family name, given name and id, from after `position` on. */
  listByName(
    tx: TenantTx,
    listing: PatientListing,
    position: NamePosition | undefined,
    take: number,
  ): Promise<NamePosition[]> {
    const after = position
      ? sql`and (family_name, given_name, id) > (${position.familyName}, ${position.givenName}, ${position.id}::uuid)`
      : empty;
    return tx.$queryRaw<NamePosition[]>`
      select id, family_name as "familyName", given_name as "givenName"
        from ${schemaSql(tx.hospital)}.patient
       where ${conditions(tx, listing)} ${after}
       order by family_name, given_name, id
       limit ${take}`;
  }

  /** Patients that fit, the most alike name first, from after `position` on. */
  async listByRelevance(
    tx: TenantTx,
    listing: PatientListing & { readonly words: readonly string[] },
    position: RelevancePosition | undefined,
    take: number,
  ): Promise<RelevancePosition[]> {
    await this.#allowMisspelling(tx);
    const after = position
      ? sql`where relevance < ${position.relevance}::int or (relevance = ${position.relevance}::int and id > ${position.id}::uuid)`
      : empty;
    return tx.$queryRaw<RelevancePosition[]>`
      select id, relevance
        from (select id, ${relevance(listing.words)} as relevance
                from ${schemaSql(tx.hospital)}.patient
               where ${conditions(tx, listing)}) as found
       ${after}
       order by relevance desc, id
       limit ${take}`;
  }

  async count(tx: TenantTx, listing: PatientListing): Promise<number> {
    await this.#allowMisspelling(tx);
    const [row] = await tx.$queryRaw<{ total: number }[]>`
      select count(*)::int as total from ${schemaSql(tx.hospital)}.patient where ${conditions(tx, listing)}`;
    return row?.total ?? 0;
  }

  /** Ids of living patients of exactly this normalised name and birth date. */
  async namesakes(
    tx: TenantTx,
    person: { readonly familyName: string; readonly givenName: string; readonly birthDate: Date | null },
  ): Promise<string[]> {
    const name = `${person.givenName} ${person.familyName}`;
    const rows = await tx.$queryRaw<{ id: string }[]>`
      select id from ${schemaSql(tx.hospital)}.patient
       where search_name = public.normalize_name(${name}) and birth_date is not distinct from ${day(person.birthDate)}
         and deleted_at is null
       order by id limit 5`;
    return rows.map(({ id }) => id);
  }

  /** The operator of the trigram index takes its threshold from a setting; this one ends with the transaction. */
  async #allowMisspelling(tx: TenantTx): Promise<void> {
    await tx.$queryRaw`select set_config('pg_trgm.word_similarity_threshold', ${wordLikeness}, true)`;
  }
}

const day = (date: Date | null): TenantPrisma.Sql => sql`${date && date.toISOString().slice(0, 10)}::date`;

function conditions(tx: TenantTx, { terms, includeDeleted }: PatientListing): TenantPrisma.Sql {
  const fits = terms.map((term) => condition(tx, term));
  return join([includeDeleted ? sql`true` : sql`deleted_at is null`, ...fits], ' and ');
}

function condition(tx: TenantTx, term: SearchTerm): TenantPrisma.Sql {
  switch (term.by) {
    case 'name':
      return join([...term.words.map(resembles), ...term.beginnings.map(begins)], ' and ');
    case 'birthDate':
      return sql`birth_date >= ${day(term.date.first)} and birth_date < ${day(endOfPartialDate(term.date))}`;
    case 'mrn':
      return sql`mrn = ${term.mrn}`;
    case 'ward':
      return sql`ward_id = ${term.wardId}::uuid`;
    case 'phone':
      return sql`phone_digits like ${`%${term.digits}%`}`;
    case 'identifier':
      return sql`id in (select patient_id from ${schemaSql(tx.hospital)}.patient_identifier
                         where system = ${term.system} and value_index = ${term.index} and ended_at is null)`;
    case 'number':
      return sql`(mrn = ${term.mrn} or phone_digits like ${`%${term.digits}%`})`;
  }
}

const resembles = (word: string): TenantPrisma.Sql =>
  sql`public.normalize_name(${word}) operator(public.<%) search_name`;

const begins = (word: string): TenantPrisma.Sql =>
  sql`(search_name like public.normalize_name(${word}) || '%' or search_name like '% ' || public.normalize_name(${word}) || '%')`;

/** Half how well each word is found, half how much of the name the words are: the exact name comes first. */
function relevance(words: readonly string[]): TenantPrisma.Sql {
  const each = words.map((word) => sql`public.word_similarity(public.normalize_name(${word}), search_name)`);
  const all = sql`public.similarity(public.normalize_name(${words.join(' ')}), search_name)`;
  return sql`round((500 * (${join(each, ' + ')}) / ${words.length}::int + 500 * ${all})::numeric)::int`;
}
