/** FHIR R4 AllergyIntolerance, as the database constrains it. */
export const allergyTypes = ['allergy', 'intolerance'] as const;
export const allergyCategories = ['medication', 'food', 'environment', 'biologic'] as const;
export const criticalities = ['low', 'high', 'unable-to-assess'] as const;
export const severities = ['mild', 'moderate', 'severe'] as const;
export const clinicalStatuses = ['active', 'inactive', 'resolved'] as const;
export const verificationStatuses = ['unconfirmed', 'confirmed', 'refuted', 'entered-in-error'] as const;
export type VerificationStatus = (typeof verificationStatuses)[number];
