import { vitalSigns } from '@hms/contracts';
import {
  effectiveOf,
  isResult,
  type JsonObject,
  objectAt,
  type ObservedValue,
  observedValues,
  type UnreadValue,
} from '@hms/fhir';
import type { Verdict } from '../chunks.js';
import { type Cell, type Measured, toMeasured, type Window } from '../reading.js';
import type { FileRecord } from '../records.js';
import type { FileResource } from './fhir-file.js';
import type { FilePatients } from './file-patients.js';
import type { PatientMatcher } from './patient-matcher.js';

/** Vital signs of one Observation, and whose they are. */
export interface ChartedReading extends Measured {
  readonly line: number;
  readonly patientId: string;
}

export interface ReaderParts {
  readonly patients: Pick<FilePatients, 'identityOf'>;
  readonly matcher: Pick<PatientMatcher, 'match'>;
  readonly window: Window;
}

/** What of a resource is charted: Observations of vital signs of ours, without what else their components say. */
export const chartedReader =
  ({ patients, matcher, window }: ReaderParts) =>
  async ({ line, said }: FileRecord<FileResource>): Promise<Verdict<ChartedReading>> => {
    if ('code' in said) return { line, ...said };
    const { resource } = said;
    const values = vitalSignsOf(resource);
    if (values.length === 0) return undefined;
    if (!isResult(resource)) return { line, code: 'unsupported', field: 'status' };
    const cells: Cell[] = [['time', effectiveOf(resource)]];
    for (const value of values) {
      if ('refused' in value) return { line, code: value.refused, field: value.field };
      cells.push([vitalSigns.findIndex(({ code }) => code === value.sign), value.value]);
    }
    const measured = toMeasured(cells, window);
    if ('code' in measured) return { line, ...measured };
    const patient = await matcher.match(patients.identityOf(objectAt(resource, 'subject')));
    return typeof patient === 'string' ? { line, patientId: patient, ...measured } : { line, ...patient };
  };

const vitalSignsOf = (resource: JsonObject): (ObservedValue | UnreadValue)[] =>
  resource['resourceType'] === 'Observation'
    ? observedValues(resource).flatMap((value) =>
        'lead' in value || ('refused' in value && value.refused === 'unknown_field') ? [] : [value],
      )
    : [];
