/** What a timeline is merged from. What monitors send is not among it: there are trends for that. */
export const timelineKinds = [
  'appointment',
  'encounter',
  'diagnosis',
  'condition',
  'allergy',
  'note',
  'observation',
  'alarm',
] as const;
export type TimelineKind = (typeof timelineKinds)[number];

/** What is shown to those who may see the patient's vital signs: on whose wards the patient is, or who broke the glass. */
export const bedsideKinds: readonly TimelineKind[] = ['observation', 'alarm'];

export interface TimelineSource {
  /** Of the hospital's schema, as `t`; joined tables may follow it. */
  readonly from: (schema: string) => string;
  readonly patient: string;
  readonly at: string;
  readonly summary: string;
  readonly status: string;
  /** What is no part of the record. */
  readonly where?: string;
}

/** SQL over `t`. Nothing of a request is in it. */
export const timelineSources: Readonly<Record<TimelineKind, TimelineSource>> = {
  appointment: {
    from: (schema) => `${schema}.appointment t`,
    patient: 't.patient_id',
    at: 'lower(t.during)',
    summary: `concat_ws(', ', t.doctor_name, t.clinic_name, t.reason)`,
    status: 't.status',
    where: `t.status not in ('held', 'entered_in_error')`,
  },
  encounter: {
    from: (schema) => `${schema}.encounter t`,
    patient: 't.patient_id',
    at: 'coalesce(t.started_at, t.planned_for, t.created_at)',
    summary: `concat_ws(', ', t.class, t.chief_complaint, t.disposition)`,
    status: 't.status',
    where: `t.status <> 'entered-in-error'`,
  },
  diagnosis: {
    from: (schema) => `${schema}.encounter_diagnosis t join ${schema}.encounter e on e.id = t.encounter_id`,
    patient: 'e.patient_id',
    at: 't.created_at',
    summary: `t.display || ' (' || t.code || ')'`,
    status: `case when t.rank = 1 then 'principal' else 'secondary' end`,
    where: `t.removed_at is null and e.status <> 'entered-in-error'`,
  },
  condition: {
    from: (schema) => `${schema}.condition t`,
    patient: 't.patient_id',
    at: 't.created_at',
    summary: 't.display',
    status: 't.clinical_status',
    where: `t.verification_status <> 'entered-in-error'`,
  },
  allergy: {
    from: (schema) => `${schema}.allergy t`,
    patient: 't.patient_id',
    at: 't.created_at',
    summary: `concat_ws(', ', t.substance, t.severity)`,
    status: 't.clinical_status',
    where: `t.verification_status <> 'entered-in-error'`,
  },
  note: {
    from: (schema) => `${schema}.note t`,
    patient: 't.patient_id',
    at: 't.recorded_at',
    summary: `t.kind || ': ' || left(t.text, 120)`,
    status: `case when t.signed_at is null then 'unsigned' else 'signed' end`,
    where: `t.status = 'current'`,
  },
  observation: {
    from: (schema) => `${schema}.charted_observation t`,
    patient: 't.patient_id',
    at: 't.recorded_at',
    summary: `t.code || ' ' || t.value`,
    status: 't.status',
    where: `t.status = 'final'`,
  },
  alarm: {
    from: (schema) => `${schema}.alarm t`,
    patient: 't.patient_id',
    at: 't.raised_at',
    summary: `concat_ws(' ', t.priority, t.rule, t.value)`,
    status: 't.state',
    where: 't.raised_at is not null',
  },
};
