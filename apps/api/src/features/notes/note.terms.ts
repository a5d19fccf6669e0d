/** Of a note, as the database constrains it. */
export const noteRelations = ['original', 'revision', 'addendum'] as const;
export type NoteRelation = (typeof noteRelations)[number];
export const noteKinds = [
  'progress',
  'nursing',
  'handover',
  'consultation',
  'procedure',
  'discharge',
  'other',
] as const;
export type NoteKind = (typeof noteKinds)[number];
export const noteStatuses = ['current', 'entered-in-error'] as const;
