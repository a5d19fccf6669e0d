import { insertRows } from '../insert-rows.js';
import { type FeatureSeed } from './seed-context.js';

export const seedDevices: FeatureSeed = async ({ owner, plan, schema }) => {
  const admin = plan.userId('hospital_admin');
  const nurse = plan.userId('nurse');
  await insertRows(
    owner,
    `${schema}.device`,
    plan.devices.map(({ id, externalId, serialNumber }) => ({
      id,
      external_id: externalId,
      gateway_id: plan.gatewayId,
      kind: 'bedside-monitor',
      manufacturer: 'Example Medical',
      model: 'Demo 12',
      serial_number: serialNumber,
      created_by: admin,
      updated_by: admin,
    })),
  );
  await insertRows(
    owner,
    `${schema}.device_assignment`,
    plan.devices.flatMap((device) =>
      device.stays.map(({ id, patient, wardId, bedId, from, to }) => ({
        id,
        device_id: device.id,
        patient_id: patient.id,
        ward_id: wardId,
        bed_id: bedId,
        valid: `[${from.toISOString()},${to?.toISOString() ?? ''})`,
        created_by: nurse,
        ended_by: to ? nurse : null,
      })),
    ),
  );
};
