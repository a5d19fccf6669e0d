import { AppError } from '@hms/contracts';
import { validationPipe } from '../../../platform/errors/validation.pipe.js';
import { UpdatePatientDto } from '../../patients/patients.dto.js';
import { syncInboxError } from '../sync.errors.js';
import type { ConflictField } from './conflict.policy.js';

const pipe = validationPipe();

/**
 * The values of a device as the body of a PATCH of the patient, checked like one.
 * @throws `sync-conflict.make-anew` when there are none, or a PATCH would not take them
 */
export async function toPatientChange(fields: readonly ConflictField[]): Promise<UpdatePatientDto> {
  if (fields.length === 0) throw syncInboxError('sync-conflict.make-anew');
  const body = Object.fromEntries(fields.map(({ field, yours }) => [field, yours]));
  try {
    return (await pipe.transform(body, { type: 'body', metatype: UpdatePatientDto })) as UpdatePatientDto;
  } catch (err) {
    if (!(err instanceof AppError)) throw err;
    const { errors = [] } = err.details;
    throw syncInboxError('sync-conflict.make-anew', { errors, cause: err });
  }
}
