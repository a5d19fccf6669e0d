/** Values of a patient's coded fields, as the database constrains them. Terms are FHIR R4's where it has one. */
export const sexesForClinicalUse = ['female', 'male', 'specified', 'unknown'] as const;
export const genders = ['male', 'female', 'other', 'unknown'] as const;
export const bloodGroups = ['A+', 'A-', 'B+', 'B-', 'AB+', 'AB-', 'O+', 'O-'] as const;
/** `not-asked` is not `none-known`: missing data must never read as safe. */
export const allergyStatuses = ['not-asked', 'none-known', 'recorded'] as const;
export type AllergyStatus = (typeof allergyStatuses)[number];
