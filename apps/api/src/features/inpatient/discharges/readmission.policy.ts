import {
  laceComorbidity,
  scoreHospital,
  scoreLace,
  scoreSimplifiedHospital,
  type LaceCondition,
  type ReadmissionScore,
} from '@hms/clinical-rules';

/** What somebody stated. */
export interface StatedInputs {
  readonly comorbidities?: readonly LaceCondition[];
  readonly emergencyVisits?: number;
  readonly priorAdmissions?: number;
  readonly haemoglobin?: number;
  readonly sodium?: number;
  readonly oncologyService?: boolean;
  readonly activeCancer?: boolean;
  readonly procedure?: boolean;
}

/** What the hospital's own records say of a stay. */
export interface RecordedInputs {
  readonly admittedAt: Date;
  readonly urgency: string;
  /** In the six months before, of other visits than this one. */
  readonly emergencyVisits: number;
  /** In the twelve months before. */
  readonly priorAdmissions: number;
}

export interface StoredScore extends ReadmissionScore {
  readonly inputs: Readonly<Record<string, unknown>>;
}

const dayMs = 24 * 3_600_000;

/**
 * LACE and both forms of HOSPITAL for a patient who leaves at that moment. What was stated goes before what is recorded,
 * which knows of this hospital only; `stated` of the inputs says which these were. Days are whole ones that have passed.
 */
export function readmissionScores(stated: StatedInputs, recorded: RecordedInputs, leftAt: Date): StoredScore[] {
  const { comorbidities, ...others } = stated;
  const isUnplanned = recorded.urgency !== 'elective';
  const inputs = {
    emergencyVisits: recorded.emergencyVisits,
    priorAdmissions: recorded.priorAdmissions,
    ...others,
    ...(comorbidities === undefined ? {} : { comorbidity: laceComorbidity(comorbidities) }),
    lengthOfStayDays: Math.floor((leftAt.getTime() - recorded.admittedAt.getTime()) / dayMs),
    acuteAdmission: isUnplanned,
    urgentAdmission: isUnplanned,
  };
  const kept = { ...inputs, ...(comorbidities === undefined ? {} : { comorbidities }), stated: Object.keys(stated) };
  return [scoreLace(inputs), scoreHospital(inputs), scoreSimplifiedHospital(inputs)].map((score) => ({
    ...score,
    inputs: kept,
  }));
}
