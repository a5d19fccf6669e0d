import { normaliseIdentifier, type FieldCipher } from '@hms/encryption';

/** A number another system knows the patient by, in the clear. */
export interface Identifier {
  readonly system: string;
  readonly value: string;
}

/** As it is stored. */
export interface SealedIdentifier {
  readonly id: string;
  readonly system: string;
  readonly valueSealed: string;
}

const column = { table: 'patient_identifier', column: 'value_sealed' } as const;

/** What an identifier's row keeps of its value. */
export const sealIdentifier = (cipher: FieldCipher, id: string, value: string) => ({
  valueSealed: cipher.seal({ ...column, rowId: id }, value),
  valueIndex: identifierIndex(cipher, value),
});

export const openIdentifier = (cipher: FieldCipher, { id, system, valueSealed }: SealedIdentifier): Identifier => ({
  system,
  value: cipher.open({ ...column, rowId: id }, valueSealed),
});

/** What equal values have in common, however they are written. */
export const identifierIndex = (cipher: FieldCipher, value: string): Buffer<ArrayBuffer> =>
  cipher.blindIndex(column, normaliseIdentifier(value));
