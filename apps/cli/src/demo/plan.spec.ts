import { hospitalRoles } from '@hms/contracts';
import { demoHospitals } from './hospitals.js';
import { planHospital, type HospitalPlan } from './plan.js';

const now = new Date('2026-01-05T09:00:00Z');
const plans = demoHospitals.map((definition) => planHospital(definition, '42', now));
const years = (birthDate: string): number => (now.getTime() - Date.parse(birthDate)) / (365.25 * 86_400_000);
const everything = (plan: HospitalPlan): unknown => JSON.parse(JSON.stringify(plan));

describe('the plan of the demo', () => {
  it('is the same for the same seed and day, and other people for another seed', () => {
    const [definition] = demoHospitals;
    expect(everything(planHospital(definition!, '42', now))).toEqual(everything(plans[0]!));
    expect(everything(planHospital(definition!, '43', now))).not.toEqual(everything(plans[0]!));
  });

  it('has about 200 patients of all ages in two hospitals of different time zone and currency', () => {
    const patients = plans.flatMap((plan) => plan.patients);
    expect(patients.length).toBeGreaterThan(180);
    expect(patients.length).toBeLessThan(220);
    for (const [from, to] of [
      [0, 5],
      [5, 18],
      [18, 65],
      [65, 100],
    ] as const) {
      expect(patients.some(({ birthDate }) => years(birthDate) >= from && years(birthDate) < to)).toBe(true);
    }
    expect(new Set(plans.map((plan) => plan.definition.timezone)).size).toBe(2);
    expect(new Set(plans.map((plan) => plan.definition.currency)).size).toBe(2);
  });

  it('tells apart allergies that are recorded, known to be none, and never asked for', () => {
    const statuses = new Set(plans.flatMap((plan) => plan.patients.map(({ history }) => history.status)));
    expect(statuses).toEqual(new Set(['recorded', 'none-known', 'not-asked']));
  });

  it.each(plans)('gives every id once in $definition.slug', (plan) => {
    const ids = [
      plan.id,
      plan.gatewayId,
      ...plan.wards.flatMap((ward) => [ward.id, ...ward.beds.map((bed) => bed.id)]),
      ...plan.patients.map((patient) => patient.id),
      ...plan.devices.flatMap((device) => [device.id, ...device.stays.map((stay) => stay.id)]),
      ...plan.users.map((user) => user.id),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(plans)('puts one patient in a bed and at a monitor in $definition.slug', ({ wards, devices, patients }) => {
    const now = devices.map((device) => device.stays.at(-1)!);
    expect(devices).toHaveLength(24);
    expect(new Set(now.map((stay) => stay.bedId)).size).toBe(24);
    expect(new Set(now.map((stay) => stay.patient.id)).size).toBe(24);
    expect(new Set(devices.map((device) => device.externalId)).size).toBe(24);
    for (const stay of now) {
      expect(stay.to).toBeUndefined();
      expect(wards.find((ward) => ward.id === stay.wardId)?.beds.some((bed) => bed.id === stay.bedId)).toBe(true);
      expect(patients).toContain(stay.patient);
    }
  });

  it.each(plans)('passes one monitor on from a patient to the next in $definition.slug', ({ devices }) => {
    const passedOn = devices.filter((device) => device.stays.length > 1);
    expect(passedOn).toHaveLength(1);
    const [before, after] = passedOn[0]!.stays;
    expect(before.to!.getTime()).toBeLessThanOrEqual(after!.from.getTime());
  });

  it.each(plans)('keeps children in the paediatric ward of $definition.slug', ({ wards, devices }) => {
    for (const { patient, wardId } of devices.flatMap((device) => device.stays)) {
      const paediatric = wards.find((ward) => ward.id === wardId)?.name === 'Paediatrics';
      expect(years(patient.birthDate) < 16).toBe(paediatric);
    }
  });

  it.each(plans)('has one user for every role of $definition.slug', ({ users }) => {
    expect(users.map((user) => user.role).sort()).toEqual([...hospitalRoles].sort());
    for (const { email } of users) expect(email).toMatch(/^[a-z-]+@[a-z-]+\.example$/);
  });
});
