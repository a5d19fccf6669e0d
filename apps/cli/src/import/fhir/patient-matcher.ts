import { OperatorError } from '@hms/database';
import { type FieldCipher, normaliseIdentifier } from '@hms/encryption';
import type pg from 'pg';
import type { Wrong } from '../reading.js';
import type { StatedIdentity } from './file-patients.js';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const column = { table: 'patient_identifier', column: 'value_sealed' } as const;

export interface MatcherOptions {
  readonly schema: string;
  readonly cipher: FieldCipher;
  /** System of the identifiers that are record numbers of the hospital in HMS. */
  readonly mrnSystem: string | undefined;
}

/** Finds the patients of the hospital a file is about, by what identifies them there: never by name or birth date. */
export class PatientMatcher {
  readonly #found = new Map<string, Promise<string | Wrong>>();

  /** @throws OperatorError when identifiers cannot be compared because the keys are out of reach */
  constructor(
    private readonly owner: pg.Client,
    private readonly options: MatcherOptions,
  ) {
    if (!options.cipher.available) throw new OperatorError('The keys of encrypted fields are out of reach.');
  }

  /** The patient's id. What leads to two patients leads to none. */
  match(stated: StatedIdentity): Promise<string | Wrong> {
    const key = JSON.stringify(stated);
    const found = this.#found.get(key) ?? this.#find(stated);
    this.#found.set(key, found);
    return found;
  }

  async #find({ ids, identifiers }: StatedIdentity): Promise<string | Wrong> {
    const { schema, cipher, mrnSystem } = this.options;
    const { rows } = await this.owner.query<{ id: string }>(
      `select p.id from ${schema}.patient p
        where p.deleted_at is null and (p.id = any ($1) or p.mrn = any ($2) or p.id in (
          select i.patient_id from ${schema}.patient_identifier i
            join unnest($3::text[], $4::bytea[]) as stated (system, value_index) using (system, value_index)
           where i.ended_at is null))
        limit 2`,
      [
        ids.filter((id) => uuid.test(id)),
        identifiers.filter(({ system }) => system === mrnSystem).map(({ value }) => value),
        identifiers.map(({ system }) => system),
        identifiers.map(({ value }) => cipher.blindIndex(column, normaliseIdentifier(value))),
      ],
    );
    const [patient, other] = rows;
    if (!patient) return { code: 'unknown_patient', field: 'subject' };
    return other ? { code: 'wrong_patient', field: 'subject' } : patient.id;
  }
}
