import { absent, fields } from '../fields.js';
import type { NewestValues, PatientValues } from './newest-values.js';

/** A vital sign that somebody has a value of. */
interface Measured {
  readonly index: number;
  readonly column: string;
  /** The column that says when it was taken. */
  readonly at: string;
}

/**
 * The statement that takes into `vitals_newest` what is newer than what is there, each value for itself. Its rows are
 * sorted by key, so that those who write at once wait for each other instead of blocking each other.
 */
export function keepNewest(schema: string, { byPatient }: NewestValues): string {
  const patients = [...byPatient.values()].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const measured = measuredOf(patients);
  const columns = ['patient_id', ...measured.flatMap(({ column, at }) => [column, at])].join(', ');
  const lists = [list(patients, 'uuid', idOf), ...measured.flatMap((sign) => listsOf(patients, sign))];
  const values = measured.map(({ column, at }) => `${column}, timestamptz 'epoch' + ${at} * interval '1 microsecond'`);
  return `insert into ${schema}.vitals_newest as newest (${columns})
    select patient_id, ${values.join(', ')} from unnest(${lists.join(', ')}) as committed (${columns})
    on conflict (patient_id) do update set ${measured.map(takeNewer).join(', ')}
      where ${measured.map(isNewer).join(' or ')}`;
}

const idOf = ({ assignment }: PatientValues): string => assignment.patientId;

const measuredOf = (patients: readonly PatientValues[]): Measured[] =>
  fields.flatMap(({ column }, index) =>
    patients.some(({ times }) => !Number.isNaN(times[index])) ? [{ index, column, at: `${column}_at` }] : [],
  );

const listsOf = (patients: readonly PatientValues[], { index }: Measured): string[] => [
  list(patients, 'real', ({ values }) => numberOf(values[index])),
  list(patients, 'bigint', ({ times }) => numberOf(times[index])),
];

const list = (of: readonly PatientValues[], type: string, item: (patient: PatientValues) => string | number): string =>
  `'{${of.map(item).join(',')}}'::${type}[]`;

const numberOf = (value = absent): number | 'null' => (Number.isNaN(value) ? 'null' : value);

const isNewer = ({ at }: Measured): string => `excluded.${at} > coalesce(newest.${at}, '-infinity')`;

const takeNewer = (sign: Measured): string => `
  ${sign.column} = case when ${isNewer(sign)} then excluded.${sign.column} else newest.${sign.column} end,
  ${sign.at} = greatest(newest.${sign.at}, excluded.${sign.at})`;
