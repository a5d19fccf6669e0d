import { mdcSystems } from './vital-codes.js';

/** What a waveform is taken from. */
export interface WaveformLead {
  /** As a gateway names it, and as it is stored. */
  readonly code: string;
  readonly display: string;
  /** UCUM. */
  readonly unit: string;
}

const ecg = (code: string): WaveformLead => ({ code, display: `ECG lead ${code}`, unit: 'mV' });

export const waveformLeads: readonly WaveformLead[] = [
  ...['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'].map(ecg),
  { code: 'pleth', display: 'Plethysmogram', unit: '1' },
  { code: 'abp', display: 'Arterial blood pressure', unit: 'mm[Hg]' },
  { code: 'cvp', display: 'Central venous pressure', unit: 'mm[Hg]' },
  { code: 'resp', display: 'Thoracic impedance', unit: 'Ohm' },
  { code: 'co2', display: 'Airway carbon dioxide', unit: 'mm[Hg]' },
];

/** A chunk stays below 2 kB, which PostgreSQL keeps within the row. */
export const maxWaveformSamples = 900;
/** Chunks are of a second or so; one that spans more is no live signal. */
export const maxWaveformSeconds = 10;
export const maxWaveformHz = 1_000;

/** ISO/IEEE 11073-10101 (MDC) numbers. */
const leadByMdc: ReadonlyMap<string, string> = new Map([
  ['131329', 'I'],
  ['131330', 'II'],
  ['131389', 'III'],
  ['131390', 'aVR'],
  ['131391', 'aVL'],
  ['131392', 'aVF'],
  ...['V1', 'V2', 'V3', 'V4', 'V5', 'V6'].map((lead, i) => [String(131_331 + i), lead] as const),
  ['150452', 'pleth'],
  ['150032', 'abp'],
  ['150036', 'abp'],
  ['150084', 'cvp'],
  ['151780', 'resp'],
]);

/**
 * The lead a coded signal is of.
 * @param system as HL7 table 0396 names it, or as FHIR does
 */
export const leadByCode = (system: string, code: string): string | undefined =>
  mdcSystems.includes(system) ? leadByMdc.get(code) : undefined;
