import { isUuid } from '../http/uuid.pipe.js';
import type { Answer, AuditDeclaration } from './audit-rule.js';

/** A UUID, or the 12 characters a gateway key is named with. Nothing else of a path is kept: it may say anything. */
const reference = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^[a-z0-9]{12}$/;

/** The records of a list, or the one record. */
function recordsOf(result: unknown): Readonly<Record<string, unknown>>[] {
  if (!isObject(result)) return [];
  return Array.isArray(result['items']) ? result['items'].filter(isObject) : [result];
}

/** The values at a path such as `user.id` of the records in the answer. */
export const valuesAt =
  (path: string) =>
  ({ result }: Pick<Answer, 'result'>): unknown[] =>
    recordsOf(result).map((record) =>
      path.split('.').reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), record),
    );

/** Of what people do with their own account, and with the session they do it in. */
export const ownUser = ({ by }: Pick<Answer, 'by'>): unknown[] => [by?.userId];
export const ownSession = ({ by }: Pick<Answer, 'by'>): unknown[] => [by?.sessionId];

/** The ids that are all a work results in. */
export const idsInResult = ({ result }: Pick<Answer, 'result'>): unknown[] => (Array.isArray(result) ? result : []);

/** Ids of the records in the answer; when it has none, the last one of the path that is not only whose they are. */
export function entityIdsOf({ entity, entityIds }: AuditDeclaration, answer: Answer): string[] {
  if (entityIds) return unique(entityIds(answer));
  const shown = valuesAt('id')(answer);
  const found = unique(entity === 'patient' ? [...shown, ...patientsOf(answer)] : shown);
  if (found.length > 0) return found;
  const named = pathIds(answer).filter(({ owner }) => owner !== 'patients' || entity === 'patient');
  return unique(named.slice(-1).map(({ id }) => id));
}

/** The patient in the path, and every `patientId` in the answer; of patients themselves, their ids. */
export function patientIdsOf(declaration: AuditDeclaration, answer: Answer): string[] {
  const { entity, patientIds } = declaration;
  if (patientIds) return unique(patientIds(answer)).filter(isUuid);
  const own = entity === 'patient' ? entityIdsOf(declaration, answer) : [];
  const inPath = pathIds(answer).flatMap(({ owner, id }) => (owner === 'patients' ? [id] : []));
  return unique([...inPath, ...own, ...patientsOf(answer)]).filter(isUuid);
}

/** Ids of the records a refusal lists under that member. */
export const shownBy = (problem: unknown, member: string | undefined): string[] =>
  member === undefined || !isObject(problem) ? [] : unique(valuesAt('id')({ result: { items: problem[member] } }));

const patientsOf = valuesAt('patientId');

/** Path parameters with the segment before each: what they are ids of. */
const pathIds = ({ operation, params }: Answer): { owner: string; id: string }[] =>
  parametersOf(operation).flatMap(({ owner, name }) => {
    const id = params[name]?.toLowerCase();
    return id === undefined ? [] : [{ owner, id }];
  });

interface PathParameter {
  readonly owner: string;
  readonly name: string;
}

/** By operation, of which there are as many as routes. */
const pathParameters = new Map<string, readonly PathParameter[]>();

function parametersOf(operation: string): readonly PathParameter[] {
  const known = pathParameters.get(operation);
  if (known) return known;
  const found = [...operation.matchAll(/([\w-]+)\/:(\w+)/g)].map(([, owner = '', name = '']) => ({ owner, name }));
  pathParameters.set(operation, found);
  return found;
}

const unique = (ids: readonly unknown[]): string[] => [
  ...new Set(ids.filter((id): id is string => typeof id === 'string' && reference.test(id))),
];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
