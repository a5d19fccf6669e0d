import { z } from 'zod';

/** A time somebody wants to book. */
export interface Wish {
  readonly providerId: string;
  readonly serviceId: string;
  readonly start: Date;
  /** Rooms and devices it takes too. */
  readonly resourceIds: readonly string[];
}

const uuid = z.uuid().toLowerCase();
const form = z.object({
  providerId: uuid,
  serviceId: uuid,
  start: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  resourceIds: z.array(uuid).max(10).default([]),
});

/** What the patch of an op wants, whoever wrote it; undefined when it wants no time. */
export const wishOf = (patch: unknown): Wish | undefined => form.safeParse(patch).data;
