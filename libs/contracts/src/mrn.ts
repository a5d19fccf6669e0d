/** A hospital's running number (its counter `mrn`) as a medical record number: at least eight digits, nothing else. */
export const formatMrn = (value: bigint): string => String(value).padStart(8, '0');
