/** FHIR R4 Condition, as the database constrains it. */
export const clinicalStatuses = ['active', 'recurrence', 'relapse', 'inactive', 'remission', 'resolved'] as const;
export const verificationStatuses = [
  'unconfirmed',
  'provisional',
  'differential',
  'confirmed',
  'refuted',
  'entered-in-error',
] as const;
export const severities = ['mild', 'moderate', 'severe'] as const;

/** Of a problem somebody has now. */
export const activeStatuses: readonly string[] = ['active', 'recurrence', 'relapse'] satisfies ClinicalStatus[];
export type ClinicalStatus = (typeof clinicalStatuses)[number];
/** Of a problem nobody has, whatever its clinical status says. */
export const deniedStatuses: readonly string[] = ['refuted', 'entered-in-error'] satisfies VerificationStatus[];
export type VerificationStatus = (typeof verificationStatuses)[number];
