import { vitalSigns, type VitalCode } from './vitals.js';

/** LOINC codes of the same quantity that devices use beside the one HMS answers with. */
const loincAliases: Readonly<Record<string, VitalCode>> = { '2708-6': 'spo2' };

const byLoinc: ReadonlyMap<string, VitalCode> = new Map([
  ...vitalSigns.map(({ loinc, code }) => [loinc, code] as const),
  ...Object.entries(loincAliases),
]);

/**
 * ISO/IEEE 11073-10101 (MDC) numbers. Makers differ for one quantity: cuff pressure comes as 150021 and as 150301,
 * respiration also as that of the thoracic impedance.
 */
const byMdc: ReadonlyMap<string, VitalCode> = new Map([
  ['147842', 'heartRate'],
  ['149530', 'pulseRate'],
  ['151562', 'respiratoryRate'],
  ['151578', 'respiratoryRate'],
  ['150456', 'spo2'],
  ['150021', 'systolic'],
  ['150022', 'diastolic'],
  ['150023', 'meanBloodPressure'],
  ['150301', 'systolic'],
  ['150302', 'diastolic'],
  ['150303', 'meanBloodPressure'],
  ['150033', 'arterialSystolic'],
  ['150034', 'arterialDiastolic'],
  ['150035', 'arterialMean'],
  ['150037', 'arterialSystolic'],
  ['150038', 'arterialDiastolic'],
  ['150039', 'arterialMean'],
  ['150344', 'temperature'],
  ['150364', 'temperature'],
  ['151708', 'etco2'],
]);

/** As HL7 table 0396 names it, as FHIR does, and by its object identifier. */
export const mdcSystems: readonly string[] = ['MDC', 'urn:iso:std:iso:11073:10101', 'urn:oid:2.16.840.1.113883.6.24'];

const systems: ReadonlyMap<string, ReadonlyMap<string, VitalCode>> = new Map([
  ['LN', byLoinc],
  ['http://loinc.org', byLoinc],
  ...mdcSystems.map((system) => [system, byMdc] as const),
]);

/**
 * The vital sign a coded observation is of.
 * @param system as HL7 table 0396 names it, `LN` or `MDC`, or as FHIR does
 */
export const vitalByCode = (system: string, code: string): VitalCode | undefined => systems.get(system)?.get(code);
