import { vitalByCode } from '@hms/contracts';
import { indexOf } from '../../fields.js';
import type { StatedPatient } from '../../reading.js';
import { readValue } from '../draft.js';
import { isObject, type JsonObject } from '../json-object.js';
import { nameable } from '../json-reading.js';
import type { EntryValues, Wrong } from '../merged-readings.js';
import { parseTime } from '../time.js';
import { toStoredUnit } from '../units.js';
import { idOf, objectAt, objectsAt, type References, textAt } from './resources.js';

/** One Observation: what was measured, when, by which device, and of whom it says it is. */
export interface Observed {
  /** None when it tells of a gap. */
  readonly values: EntryValues;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly device: string | undefined;
  readonly patient: StatedPatient | undefined;
}

const results: ReadonlySet<unknown> = new Set(['final', 'amended', 'corrected', 'preliminary']);
const ucum = 'http://unitsofmeasure.org';
const recordNumber = 'MR';

/** What one Observation says (FHIR R4), or why it cannot be taken. It is taken whole or not at all. */
export function readObservation(resource: JsonObject, references: References): Observed | Wrong {
  if (!results.has(resource['status'])) return { code: 'unsupported', field: 'status' };
  const at = parseTime(resource['effectiveDateTime'] ?? resource['effectiveInstant']);
  if (typeof at === 'string') return { code: at, field: 'effective' };
  const values: (readonly [number, unknown])[] = [];
  for (const measured of [resource, ...objectsAt(resource, 'component')]) {
    const value = valueOf(measured);
    if (value && 'code' in value) return value;
    if (value) values.push([value.to, value.value]);
  }
  return { values, at: at / 1_000, device: deviceOf(resource, references), patient: patientOf(resource, references) };
}

interface Value {
  readonly to: number;
  readonly value: unknown;
}

/** Undefined for what has none: a panel, or a gap. */
function valueOf(measured: JsonObject): Value | Wrong | undefined {
  const names = Object.keys(measured).filter((name) => name.startsWith('value') && !name.startsWith('value_'));
  const codings = objectsAt(objectAt(measured, 'code'), 'coding');
  const [first = ''] = codings.map((coding) => textAt(coding, 'code') ?? '');
  if (names.length === 0 && ('component' in measured || 'hasMember' in measured || 'dataAbsentReason' in measured))
    return undefined;
  const sign = codings.flatMap(
    (each) => vitalByCode(textAt(each, 'system') ?? '', textAt(each, 'code') ?? '') ?? [],
  )[0];
  const field = nameable(first);
  if (sign === undefined) return { code: 'unknown_field', field };
  const to = indexOf(sign);
  const value = statedValue(to, measured);
  if (value === undefined) return { code: 'valueSampledData' in measured ? 'unsupported' : 'malformed', field };
  const read = readValue(to, value);
  return typeof read === 'string' ? { code: read, field } : { to, value };
}

/** In the unit it is stored in. */
function statedValue(to: number, measured: JsonObject): unknown {
  const quantity = measured['valueQuantity'];
  if (isObject(quantity)) return quantityOf(to, quantity);
  const [coding] = objectsAt(objectAt(measured, 'valueCodeableConcept'), 'coding');
  if (coding) return textAt(coding, 'code');
  return measured['valueBoolean'] ?? measured['valueInteger'] ?? measured['valueString'];
}

/** A comparator makes it a bound, which is no measurement. */
function quantityOf(to: number, quantity: JsonObject): number | undefined {
  const { value, comparator, system = ucum } = quantity;
  if (typeof value !== 'number' || comparator !== undefined || system !== ucum) return undefined;
  const unit = textAt(quantity, 'code') ?? textAt(quantity, 'unit');
  return unit === undefined ? value : toStoredUnit(to, value, unit);
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

/** Undefined when it names nobody. */
function patientOf(resource: JsonObject, references: References): StatedPatient | undefined {
  const { subject } = resource;
  if (!isObject(subject)) return undefined;
  const patient = references.to(subject);
  const identifiers = [objectAt(subject, 'identifier'), ...objectsAt(patient, 'identifier')].filter(isRecordNumber);
  return {
    ids: [idOf(subject, 'Patient'), textAt(patient, 'id')].filter((id) => id !== undefined),
    mrns: identifiers.map((identifier) => textAt(identifier, 'value')).filter((value) => value !== undefined),
  };
}

/** Of identifiers that state their type, only record numbers can be compared. */
function isRecordNumber(identifier: JsonObject): boolean {
  const types = objectsAt(objectAt(identifier, 'type'), 'coding');
  return types.length === 0 || types.some((coding) => coding['code'] === recordNumber);
}
