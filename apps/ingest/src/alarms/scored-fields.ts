import { observedCodes } from '@hms/clinical-rules';
import { fields } from '../telemetry/fields.js';

/** Places in `fields` of what a score may be made of, and where `observedCodes` has the same. */
export const scoredFields: readonly { readonly place: number; readonly observed: number }[] = fields.flatMap(
  ({ code }, place) => {
    const observed = observedCodes.indexOf(code);
    return observed === -1 ? [] : [{ place, observed }];
  },
);
