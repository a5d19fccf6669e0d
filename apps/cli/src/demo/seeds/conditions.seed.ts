import { Random } from '../../simulate/random.js';
import { insertRows } from '../insert-rows.js';
import { type PlannedPatient } from '../plan.js';
import { stableId } from '../stable-id.js';
import { type FeatureSeed } from './seed-context.js';

interface KnownProblem {
  readonly display: string;
  /** In SNOMED CT. */
  readonly code: string;
}

const ofAdults: readonly [KnownProblem, ...KnownProblem[]] = [
  { display: 'Essential hypertension', code: '59621000' },
  { display: 'Type 2 diabetes mellitus', code: '44054006' },
  { display: 'Atrial fibrillation', code: '49436004' },
  { display: 'Heart failure', code: '84114007' },
  { display: 'Chronic obstructive lung disease', code: '13645005' },
  { display: 'Hypothyroidism', code: '40930008' },
  { display: 'Pneumonia', code: '233604007' },
];
const ofChildren: readonly [KnownProblem, ...KnownProblem[]] = [
  { display: 'Asthma', code: '195967001' },
  { display: 'Bronchiolitis', code: '4120002' },
  { display: 'Epilepsy', code: '84757009' },
];

const yearMs = 365.25 * 86_400_000;

/** One or two problems of everybody who lies in a bed. */
export const seedConditions: FeatureSeed = async ({ owner, plan, schema, now }) => {
  const doctor = plan.userId('doctor');
  const inpatients = plan.devices.flatMap(({ stays }) => stays.map(({ patient }) => patient));
  await insertRows(
    owner,
    `${schema}.condition`,
    inpatients.flatMap((patient) =>
      problemsOf(patient, now).map(({ display, code }) => ({
        id: stableId(`${patient.id}:condition:${display}`),
        patient_id: patient.id,
        display,
        code_system: 'http://snomed.info/sct',
        code,
        clinical_status: 'active',
        verification_status: 'confirmed',
        created_by: doctor,
        updated_by: doctor,
      })),
    ),
  );
};

function problemsOf({ id, birthDate }: PlannedPatient, now: Date): KnownProblem[] {
  const random = new Random(`${id}:conditions`);
  const isChild = (now.getTime() - Date.parse(birthDate)) / yearMs < 16;
  const known = isChild ? ofChildren : ofAdults;
  const first = random.pick(known);
  const second = random.pick(known);
  return first === second ? [first] : [first, second];
}
