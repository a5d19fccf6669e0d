import { inStoredUnit, leadByCode, vitalByCode, type VitalCode } from '@hms/contracts';
import { isObject, type JsonObject } from './json-object.js';
import { objectAt, objectsAt, textAt } from './resources.js';

/** A vital sign with a value in the unit it is stored in. Whether it is one the sign can have is not decided yet. */
export interface ObservedValue {
  readonly sign: VitalCode;
  readonly value: unknown;
  readonly field: string;
}

/** A stretch of a signal: `valueSampledData` as it was sent. */
export interface ObservedSignal {
  /** Code of one of `waveformLeads`. */
  readonly lead: string;
  readonly data: JsonObject;
  readonly field: string;
}

/** What is no vital sign of ours, or has no value that could be read. */
export interface UnreadValue {
  readonly refused: 'unknown_field' | 'malformed' | 'unsupported';
  /** The first code it has, as it was sent. */
  readonly field: string;
}

const ucum = 'http://unitsofmeasure.org';
const results: ReadonlySet<unknown> = new Set(['final', 'amended', 'corrected', 'preliminary']);

/** Whether the Observation (R4) has a state in which its values count. */
export const isResult = (observation: JsonObject): boolean => results.has(observation['status']);

/** When it was observed, as it was written. */
export const effectiveOf = (observation: JsonObject): unknown =>
  observation['effectiveDateTime'] ?? observation['effectiveInstant'];

/** The values of an Observation and its components, in that order; nothing of panels and gaps. */
export const observedValues = (observation: JsonObject): (ObservedValue | ObservedSignal | UnreadValue)[] =>
  [observation, ...objectsAt(observation, 'component')].flatMap((measured) => valueOf(measured) ?? []);

function valueOf(measured: JsonObject): ObservedValue | ObservedSignal | UnreadValue | undefined {
  const codings = objectsAt(objectAt(measured, 'code'), 'coding');
  const [field = ''] = codings.map((coding) => textAt(coding, 'code') ?? '');
  if (isPanelOrGap(measured)) return undefined;
  const known = <T>(byCode: (system: string, code: string) => T | undefined): T | undefined =>
    codings.flatMap((each) => byCode(textAt(each, 'system') ?? '', textAt(each, 'code') ?? '') ?? [])[0];
  const data = measured['valueSampledData'];
  const lead = isObject(data) ? known(leadByCode) : undefined;
  if (lead !== undefined && isObject(data)) return { lead, data, field };
  const sign = known(vitalByCode);
  if (sign === undefined) return { refused: 'unknown_field', field };
  const value = statedValue(sign, measured);
  if (value === undefined) return { refused: 'valueSampledData' in measured ? 'unsupported' : 'malformed', field };
  return { sign, value, field };
}

function isPanelOrGap(measured: JsonObject): boolean {
  const hasValue = Object.keys(measured).some((name) => name.startsWith('value') && !name.startsWith('value_'));
  return !hasValue && ['component', 'hasMember', 'dataAbsentReason'].some((name) => name in measured);
}

function statedValue(sign: VitalCode, measured: JsonObject): unknown {
  const quantity = measured['valueQuantity'];
  if (isObject(quantity)) return quantityOf(sign, quantity);
  const [coding] = objectsAt(objectAt(measured, 'valueCodeableConcept'), 'coding');
  if (coding) return textAt(coding, 'code');
  return measured['valueBoolean'] ?? measured['valueInteger'] ?? measured['valueString'];
}

/** A comparator makes it a bound, which is no measurement. */
function quantityOf(sign: VitalCode, quantity: JsonObject): number | undefined {
  const { value, comparator, system = ucum } = quantity;
  if (typeof value !== 'number' || comparator !== undefined || system !== ucum) return undefined;
  const unit = textAt(quantity, 'code') ?? textAt(quantity, 'unit');
  return unit === undefined ? value : inStoredUnit(sign, value, unit);
}
