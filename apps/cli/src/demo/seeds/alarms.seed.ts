import { insertRows } from '../insert-rows.js';
import { stableId } from '../stable-id.js';
import { type FeatureSeed, type SeedContext } from './seed-context.js';

/** Children's hearts beat faster, at lower pressures: an adult's limits would never be silent on their ward. */
const childrensLimits = [
  { vital: 'spo2', low: 88, high: null, hysteresis: 2, persist_seconds: 10, priority: 'high' },
  { vital: 'heartRate', low: 60, high: 190, hysteresis: 5, persist_seconds: 10, priority: 'high' },
  { vital: 'systolic', low: 55, high: 140, hysteresis: 5, persist_seconds: 0, priority: 'high' },
];

/** In intensive care a nurse is at the bed and a doctor on the ward: everybody is told sooner. */
const intensiveSteps = [
  { level: 0, after_seconds: 0, roles: ['nurse'], channels: ['live'] },
  { level: 1, after_seconds: 60, roles: ['nurse', 'doctor'], channels: ['live'] },
  { level: 2, after_seconds: 180, roles: ['doctor'], channels: ['live', 'mail'] },
];

export const seedAlarms: FeatureSeed = async ({ owner, plan, schema }) => {
  const by = plan.userId('hospital_admin');
  await insertRows(
    owner,
    `${schema}.alarm_limit`,
    wardsWhere(plan, ({ ages }) => ages[1] < 16).flatMap((ward) =>
      childrensLimits.map((limit) => ({
        id: stableId(`${ward.id}:alarm-limit:${limit.vital}`),
        ward_id: ward.id,
        created_by: by,
        updated_by: by,
        ...limit,
      })),
    ),
  );
  await insertRows(
    owner,
    `${schema}.alarm_escalation_step`,
    wardsWhere(plan, ({ code }) => code === 'ICU').flatMap((ward) =>
      intensiveSteps.map((step) => ({
        id: stableId(`${ward.id}:alarm-step:${step.level}`),
        ward_id: ward.id,
        priority: 'high',
        ...step,
      })),
    ),
  );
};

function wardsWhere(
  { definition, wards }: SeedContext['plan'],
  wanted: (definition: SeedContext['plan']['definition']['wards'][number]) => boolean,
): SeedContext['plan']['wards'][number][] {
  const codes = new Set(definition.wards.filter(wanted).map(({ code }) => code));
  return wards.filter(({ code }) => codes.has(code));
}
