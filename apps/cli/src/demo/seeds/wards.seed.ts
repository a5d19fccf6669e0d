import { insertRows } from '../insert-rows.js';
import { type FeatureSeed } from './seed-context.js';

export const seedWards: FeatureSeed = async ({ owner, plan, schema }) => {
  const createdBy = plan.userId('hospital_admin');
  await insertRows(
    owner,
    `${schema}.ward`,
    plan.wards.map(({ id, code, name }) => ({ id, code, name, created_by: createdBy })),
  );
  await insertRows(
    owner,
    `${schema}.bed`,
    plan.wards.flatMap((ward) => ward.beds.map(({ id, label }) => ({ id, ward_id: ward.id, label }))),
  );
};
