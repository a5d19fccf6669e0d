import { hospitalRoles, type HospitalRole } from '@hms/contracts';
import { Random } from '../simulate/random.js';
import { makeAllergyHistory, type AllergyHistory } from './allergies.js';
import { type HospitalDefinition, type WardDefinition } from './hospitals.js';
import { makePerson, type Person } from './people.js';
import { stableId } from './stable-id.js';

export interface PlannedBed {
  readonly id: string;
  readonly label: string;
}

export interface PlannedWard {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly beds: readonly PlannedBed[];
}

export interface PlannedPatient extends Person {
  readonly id: string;
  readonly history: AllergyHistory;
}

/** A patient at a monitor, in a bed, for a while. `to` is absent while it lasts. */
export interface PlannedStay {
  readonly id: string;
  readonly patient: PlannedPatient;
  readonly wardId: string;
  readonly bedId: string;
  readonly from: Date;
  readonly to?: Date;
}

export interface PlannedDevice {
  readonly id: string;
  /** The name the gateway sends. */
  readonly externalId: string;
  readonly serialNumber: string;
  /** In the order of their times; the last one lasts. */
  readonly stays: readonly [PlannedStay, ...PlannedStay[]];
}

export interface PlannedUser {
  readonly id: string;
  readonly role: HospitalRole;
  readonly email: string;
  readonly displayName: string;
}

/** All a demo hospital is to contain. A function of the definition, the seed and the day; holds no secrets. */
export interface HospitalPlan {
  readonly definition: HospitalDefinition;
  readonly id: string;
  readonly gatewayId: string;
  readonly wards: readonly PlannedWard[];
  readonly patients: readonly PlannedPatient[];
  readonly devices: readonly PlannedDevice[];
  readonly users: readonly PlannedUser[];
  /** Id of a planned user. */
  readonly userId: (role: HospitalRole) => string;
  /** Who the user with the role `patient` is. */
  readonly portalPatient: PlannedPatient;
}

const hour = 3_600_000;

export function planHospital(definition: HospitalDefinition, seed: string, now: Date): HospitalPlan {
  return new Planner(definition, seed, now).plan();
}

class Planner {
  readonly #random: Random;

  constructor(
    private readonly definition: HospitalDefinition,
    private readonly seed: string,
    private readonly now: Date,
  ) {
    this.#random = new Random(`${seed}:${definition.slug}`);
  }

  plan(): HospitalPlan {
    const wards = this.definition.wards.map((ward) => this.#ward(ward));
    const devices = this.definition.wards.flatMap((ward, i) => this.#devices(ward, wards[i]));
    const inpatients = devices.flatMap((device) => device.stays.map((stay) => stay.patient));
    const outpatients = Array.from({ length: this.definition.outpatients }, (_, i) =>
      this.#patient(`out ${String(i)}`, [0, 93]),
    );
    const portalPatient = devices.at(-1)?.stays[0].patient;
    if (!portalPatient) throw new Error(`the demo hospital ${this.definition.slug} has no inpatient`);
    const userId = (role: HospitalRole): string => this.#id(`user ${role}`);
    return {
      definition: this.definition,
      id: this.#id('hospital'),
      gatewayId: this.#id('gateway'),
      wards,
      patients: [...inpatients, ...outpatients],
      devices,
      users: hospitalRoles.map((role) => this.#user(role, userId(role), portalPatient)),
      userId,
      portalPatient,
    };
  }

  #ward({ code, name, beds }: WardDefinition): PlannedWard {
    return {
      id: this.#id(`ward ${code}`),
      code,
      name,
      beds: Array.from({ length: beds }, (_, i) => ({
        id: this.#id(`bed ${code} ${String(i)}`),
        label: `${code}-${String(i + 1).padStart(2, '0')}`,
      })),
    };
  }

  /** One monitor a bed, filled from the first bed; the first monitor of the hospital has had a patient before. */
  #devices(definition: WardDefinition, ward: PlannedWard | undefined): PlannedDevice[] {
    return (ward?.beds ?? []).slice(0, definition.monitored).map((bed, i) => {
      const name = `${definition.code.toLowerCase()}-${String(i + 1).padStart(2, '0')}`;
      const stay = (which: string, from: number, to?: number): PlannedStay => ({
        id: this.#id(`stay ${name} ${which}`),
        patient: this.#patient(`${name} ${which}`, definition.ages),
        wardId: ward?.id ?? '',
        bedId: bed.id,
        from: this.#ago(from),
        ...(to === undefined ? {} : { to: this.#ago(to) }),
      });
      const moved = definition === this.definition.wards[0] && i === 0;
      return {
        id: this.#id(`device ${name}`),
        externalId: `mon-${name}`,
        serialNumber: `DEMO-${String(this.#random.integer(100_000, 999_999))}`,
        stays: moved
          ? [stay('before', 96, 30), stay('now', 29.5)]
          : [stay('now', Math.round(this.#random.between(73, 110)))],
      };
    });
  }

  #patient(name: string, ages: readonly [number, number]): PlannedPatient {
    const id = this.#id(`patient ${name}`);
    const random = new Random(id);
    return { id, ...makePerson(random, this.definition.region, ages, this.now), history: makeAllergyHistory(random) };
  }

  #user(role: HospitalRole, id: string, portalPatient: PlannedPatient): PlannedUser {
    const { givenName, familyName } =
      role === 'patient' ? portalPatient : makePerson(new Random(id), this.definition.region, [25, 60], this.now);
    const email = `${role.replace('_', '-')}@${this.definition.emailDomain}`;
    return { id, role, email, displayName: `${givenName} ${familyName}` };
  }

  #ago(hours: number): Date {
    return new Date(Math.floor((this.now.getTime() - hours * hour) / 60_000) * 60_000);
  }

  #id(name: string): string {
    return stableId(`${this.seed}:${this.definition.slug}:${name}`);
  }
}
