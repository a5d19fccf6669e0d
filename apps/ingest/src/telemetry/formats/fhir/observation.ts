import {
  effectiveOf,
  idOf,
  isObject,
  isResult,
  type JsonObject,
  objectAt,
  objectsAt,
  observedValues,
  type References,
  textAt,
} from '@hms/fhir';
import { indexOf } from '../../fields.js';
import type { StatedPatient } from '../../reading.js';
import { readValue, slot } from '../draft.js';
import { nameable } from '../json-reading.js';
import type { EntryValues, Wrong } from '../merged-readings.js';
import { parseTime } from '../time.js';
import { chunksOfSignal } from './signal.js';

/** One Observation: what was measured, when, by which device, and of whom it says it is. */
export interface Observed {
  /** None when it tells of a gap; several when it has samples of more than a moment. */
  readonly moments: readonly Moment[];
  readonly device: string | undefined;
  readonly patient: StatedPatient | undefined;
}

export interface Moment {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly values: EntryValues;
}

const recordNumber = 'MR';

/** What one Observation says (FHIR R4), or why it cannot be taken. It is taken whole or not at all. */
export function readObservation(resource: JsonObject, references: References): Observed | Wrong {
  if (!isResult(resource)) return { code: 'unsupported', field: 'status' };
  const at = parseTime(effectiveOf(resource));
  if (typeof at === 'string') return { code: at, field: 'effective' };
  const start = at / 1_000;
  const values: (readonly [number, unknown])[] = [];
  const chunks: Moment[] = [];
  for (const observed of observedValues(resource)) {
    const field = nameable(observed.field);
    if ('refused' in observed) return { code: observed.refused, field };
    if ('lead' in observed) {
      const drawn = chunksOfSignal(observed.lead, observed.data);
      if (typeof drawn === 'string') return { code: drawn, field };
      for (const { offsetMs, chunk } of drawn) chunks.push({ at: start + offsetMs, values: [[slot.waveform, chunk]] });
      continue;
    }
    const to = indexOf(observed.sign);
    const read = readValue(to, observed.value);
    if (typeof read === 'string') return { code: read, field };
    values.push([to, observed.value]);
  }
  const moments = values.length === 0 ? chunks : [{ at: start, values }, ...chunks];
  return { moments, device: deviceOf(resource, references), patient: patientOf(resource, references) };
}

/** Its identifier, that of the Device in the bundle, or the id it is referred to by. */
function deviceOf(resource: JsonObject, references: References): string | undefined {
  const reference = objectAt(resource, 'device');
  const [contained] = objectsAt(references.to(reference), 'identifier');
  return (
    textAt(objectAt(reference, 'identifier'), 'value') ??
    (contained && textAt(contained, 'value')) ??
    idOf(reference, 'Device') ??
    textAt(reference, 'display')
  );
}

/** As HMS identifies patients. */
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Undefined when nothing it says can be compared: a name, a number of another kind, an id that others gave. */
function patientOf(resource: JsonObject, references: References): StatedPatient | undefined {
  const { subject } = resource;
  if (!isObject(subject)) return undefined;
  const patient = references.to(subject);
  const identifiers = [objectAt(subject, 'identifier'), ...objectsAt(patient, 'identifier')].filter(isRecordNumber);
  const ids = [idOf(subject, 'Patient'), textAt(patient, 'id')].flatMap((id) =>
    id !== undefined && uuid.test(id) ? [id.toLowerCase()] : [],
  );
  const mrns = identifiers.map((identifier) => textAt(identifier, 'value')).filter((value) => value !== undefined);
  return ids.length + mrns.length === 0 ? undefined : { ids, mrns };
}

/** Of identifiers that state their type, only record numbers can be compared. */
function isRecordNumber(identifier: JsonObject): boolean {
  const types = objectsAt(objectAt(identifier, 'type'), 'coding');
  return types.length === 0 || types.some((coding) => coding['code'] === recordNumber);
}
