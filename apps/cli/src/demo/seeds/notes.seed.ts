import { insertRows } from '../insert-rows.js';
import { stableId } from '../stable-id.js';
import { type FeatureSeed } from './seed-context.js';

const hour = 3_600_000;

/** A nurse's note and a doctor's, which is signed, of everybody who lies in a bed. */
export const seedNotes: FeatureSeed = async ({ owner, plan, schema }) => {
  const [doctor, nurse] = [plan.userId('doctor'), plan.userId('nurse')];
  const stays = plan.devices.flatMap((device) => device.stays);
  await insertRows(
    owner,
    `${schema}.note`,
    stays.flatMap(({ id, patient, from }) => {
      const seen = new Date(from.getTime() + hour);
      return [
        {
          id: stableId(`${id}:note:nursing`),
          patient_id: patient.id,
          kind: 'nursing',
          text: 'Came to the ward walking. Monitor attached, bell within reach, relatives informed.',
          recorded_at: from,
          signed_at: null,
          signed_by: null,
          created_by: nurse,
          updated_by: nurse,
        },
        {
          id: stableId(`${id}:note:progress`),
          patient_id: patient.id,
          kind: 'progress',
          text: 'Seen on admission.\nStable at rest, no new complaints. Continue as prescribed, review tomorrow.',
          recorded_at: seen,
          signed_at: seen,
          signed_by: doctor,
          created_by: doctor,
          updated_by: doctor,
        },
      ];
    }),
  );
};
