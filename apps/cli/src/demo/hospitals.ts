import { ireland, karnataka, type Region } from './regions.js';

export interface WardDefinition {
  readonly code: string;
  readonly name: string;
  readonly beds: number;
  /** Inpatients with a bedside monitor; the other beds are free. */
  readonly monitored: number;
  /** Youngest and oldest inpatient, years. */
  readonly ages: readonly [number, number];
}

export interface HospitalDefinition {
  readonly slug: string;
  readonly name: string;
  readonly country: string;
  readonly currency: string;
  readonly timezone: string;
  readonly emailDomain: string;
  readonly region: Region;
  readonly wards: readonly WardDefinition[];
  /** Patients who are not in a ward today. */
  readonly outpatients: number;
}

export const superAdminEmail = 'super-admin@hms.example';

/** The two demo hospitals: time zones five and a half hours apart in winter, one of them with no summer time. */
export const demoHospitals: readonly HospitalDefinition[] = [
  {
    slug: 'st_brigid',
    name: "St Brigid's General Hospital",
    country: 'IE',
    currency: 'EUR',
    timezone: 'Europe/Dublin',
    emailDomain: 'st-brigid.example',
    region: ireland,
    wards: [
      { code: 'GEN', name: 'General Medicine', beds: 14, monitored: 10, ages: [19, 92] },
      { code: 'ICU', name: 'Intensive Care', beds: 8, monitored: 6, ages: [24, 84] },
      { code: 'PAED', name: 'Paediatrics', beds: 8, monitored: 5, ages: [0, 15] },
      { code: 'SURG', name: 'Surgical', beds: 10, monitored: 3, ages: [20, 80] },
    ],
    outpatients: 78,
  },
  {
    slug: 'nagara',
    name: 'Nagara Mission Hospital',
    country: 'IN',
    currency: 'INR',
    timezone: 'Asia/Kolkata',
    emailDomain: 'nagara.example',
    region: karnataka,
    wards: [
      { code: 'GM', name: 'General Medicine', beds: 16, monitored: 12, ages: [18, 88] },
      { code: 'ICU', name: 'Intensive Care', beds: 8, monitored: 7, ages: [22, 80] },
      { code: 'PED', name: 'Paediatrics', beds: 8, monitored: 5, ages: [0, 15] },
    ],
    outpatients: 74,
  },
];
