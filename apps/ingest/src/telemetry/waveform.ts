/** A stretch of one signal, beginning at the time of its reading. A value is `origin + scale × sample`. */
export interface Waveform {
  /** Code of one of `waveformLeads`. */
  readonly lead: string;
  /** Samples a second. */
  readonly hz: number;
  readonly scale: number;
  readonly origin: number;
  /** Signed 16-bit samples, little-endian, in base64; nothing but its alphabet. */
  readonly samples: string;
}

/** Bytes of its samples. */
export const bytesOf = ({ samples }: Waveform): number => Buffer.byteLength(samples, 'base64');
