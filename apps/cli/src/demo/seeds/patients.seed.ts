import { formatMrn } from '@hms/contracts';
import { normaliseIdentifier } from '@hms/encryption';
import { insertRows } from '../insert-rows.js';
import { type PlannedPatient } from '../plan.js';
import { stableId } from '../stable-id.js';
import { type FeatureSeed, type SeedContext } from './seed-context.js';

const identifierSystem = 'urn:hms:demo:person';

export const seedPatients: FeatureSeed = async (context) => {
  const missing = await missingPatients(context);
  if (missing.length === 0) return;
  const mrns = await takeMrns(context, missing.length);
  await insertPatients(context, missing, mrns);
  await insertIdentifiers(context, missing);
  await insertAllergies(context, missing);
};

async function missingPatients({ owner, plan, schema }: SeedContext): Promise<PlannedPatient[]> {
  const { rows } = await owner.query<{ id: string }>(`select id from ${schema}.patient where id = any($1)`, [
    plan.patients.map(({ id }) => id),
  ]);
  const present = new Set(rows.map(({ id }) => id));
  return plan.patients.filter(({ id }) => !present.has(id));
}

/** The next numbers of the hospital's counter, as the API takes them. */
async function takeMrns({ owner, schema }: SeedContext, count: number): Promise<string[]> {
  const { rows } = await owner.query<{ value: string }>(
    `update ${schema}.counter set value = value + $1 where name = 'mrn' returning value`,
    [count],
  );
  const last = BigInt(rows[0]?.value ?? 0);
  return Array.from({ length: count }, (_, i) => formatMrn(last - BigInt(count - 1 - i)));
}

async function insertPatients(
  context: SeedContext,
  patients: readonly PlannedPatient[],
  mrns: string[],
): Promise<void> {
  const { owner, plan, schema } = context;
  const registrar = plan.userId('receptionist');
  const wardOf = wardsNow(plan);
  await insertRows(
    owner,
    `${schema}.patient`,
    patients.map((patient, i) => ({
      id: patient.id,
      mrn: mrns[i] ?? '',
      family_name: patient.familyName,
      given_name: patient.givenName,
      birth_date: patient.birthDate,
      birth_date_precision: patient.birthDatePrecision,
      sex_for_clinical_use: patient.sex,
      gender: patient.sex,
      phone: patient.phone,
      address: patient.address,
      preferred_language: patient.language,
      allergy_status: patient.history.status,
      ward_id: wardOf.get(patient.id) ?? null,
      created_by: registrar,
      updated_by: registrar,
    })),
  );
}

/** Who lies on which ward now. */
const wardsNow = ({ devices }: SeedContext['plan']): ReadonlyMap<string, string> =>
  new Map(
    devices.flatMap(({ stays }) => stays.filter(({ to }) => !to).map(({ patient, wardId }) => [patient.id, wardId])),
  );

async function insertIdentifiers(context: SeedContext, patients: readonly PlannedPatient[]): Promise<void> {
  const { owner, plan, schema, cipher } = context;
  const column = { table: 'patient_identifier', column: 'value_sealed' };
  await insertRows(
    owner,
    `${schema}.patient_identifier`,
    patients.map((patient) => {
      const rowId = stableId(`${patient.id}:identifier`);
      const value = `DEMO-${patient.id.slice(-12).toUpperCase()}`;
      return {
        id: rowId,
        patient_id: patient.id,
        system: identifierSystem,
        value_sealed: cipher.seal({ ...column, rowId }, value),
        value_index: `\\x${cipher.blindIndex(column, normaliseIdentifier(value)).toString('hex')}`,
        created_by: plan.userId('receptionist'),
        updated_by: plan.userId('receptionist'),
      };
    }),
  );
}

async function insertAllergies(context: SeedContext, patients: readonly PlannedPatient[]): Promise<void> {
  const { owner, plan, schema } = context;
  const nurse = plan.userId('nurse');
  await insertRows(
    owner,
    `${schema}.allergy`,
    patients.flatMap(({ id, history }) =>
      history.status !== 'recorded'
        ? []
        : history.allergies.map((allergy) => ({
            id: stableId(`${id}:allergy:${allergy.substance}`),
            patient_id: id,
            ...allergy,
            verification_status: 'confirmed',
            created_by: nurse,
            updated_by: nurse,
          })),
    ),
  );
}
