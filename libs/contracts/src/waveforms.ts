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
