import { commonError } from '@hms/contracts';
import type { z } from 'zod';
import { bodyText } from '../telemetry/formats/body-text.js';

/** Reads a body of a documented form. @throws AppError 400 for what is no JSON, 422 for what is not of the form */
export const jsonBody =
  <T>(schema: z.ZodType<T>) =>
  (bytes: Uint8Array): T =>
    checked(schema, parse(bytes));

/** @throws AppError 422 */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, code, message }) => ({ field: path.join('.'), code, message }));
  throw commonError('request.invalid', { errors });
}

function parse(bytes: Uint8Array): unknown {
  const text = bodyText(bytes);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw commonError('request.malformed', { detail: 'The body is not JSON.', cause });
  }
}
