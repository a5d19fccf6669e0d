import { type HospitalSlug, isHospitalSlug } from '@hms/database';
import { InvalidArgumentError } from 'commander';

/** Parses a command's argument that names a hospital. */
export function existingSlug(value: string): HospitalSlug {
  if (!isHospitalSlug(value)) throw new InvalidArgumentError('That is not the slug of a hospital.');
  return value;
}
