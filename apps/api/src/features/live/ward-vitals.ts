import { vitalSigns, type VitalsUpdate, type WardVitals } from '@hms/contracts';
import { z } from 'zod';

const codes = vitalSigns.map(({ code }) => code);
const value = z.union([z.number(), z.boolean(), z.enum(['A', 'C', 'V', 'P', 'U'])]);

const Update: z.ZodType<VitalsUpdate> = z.object({
  patientId: z.string(),
  recordedAt: z.string(),
  values: z.partialRecord(z.enum(codes), value),
  position: z.string(),
});
const Message: z.ZodType<WardVitals> = z.object({ wardId: z.string(), updates: z.array(Update) });

/** What came over Redis, or undefined when it is not what ingest publishes. */
export function parseWardVitals(text: string): WardVitals | undefined {
  try {
    return Message.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
