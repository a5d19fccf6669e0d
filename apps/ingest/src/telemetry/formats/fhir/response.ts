import { type RejectCode, type RejectedReading } from '@hms/contracts';
import type { BundleType } from './bundle.js';

/** FHIR's issue types (R4, IssueType), as near as it has them. */
const issues: Partial<Record<RejectCode, string>> = {
  unsupported: 'not-supported',
  unknown_field: 'code-invalid',
  unknown_device: 'not-found',
  foreign_device: 'forbidden',
  disabled_device: 'forbidden',
  wrong_patient: 'conflict',
  missing_time: 'required',
  missing_zone: 'required',
  empty: 'required',
};

/** What an entry is answered: `undefined` was stored, `gap` held nothing to store. */
export type EntryAnswer = RejectedReading | 'gap' | undefined;

/** The answer to a Bundle whose entries stand each for itself, and to one that was stored as a whole. */
export function bundleResponse(type: BundleType, answers: readonly EntryAnswer[]): object {
  return {
    resourceType: 'Bundle',
    type: type === 'transaction' ? 'transaction-response' : 'batch-response',
    entry: answers.map((answer) => ({ response: responseOf(answer) })),
  };
}

function responseOf(answer: EntryAnswer): object {
  if (answer === undefined) return { status: '201 Created' };
  if (answer !== 'gap') return { status: '400 Bad Request', outcome: operationOutcome([answer]) };
  const issue = { severity: 'information', code: 'informational', diagnostics: 'nothing was measured' };
  return { status: '200 OK', outcome: { resourceType: 'OperationOutcome', issue: [issue] } };
}

/** Why entries were refused: in a code of ours, and where. Nothing they say comes back. */
export const operationOutcome = (rejected: readonly RejectedReading[]): object => ({
  resourceType: 'OperationOutcome',
  issue: rejected.map(({ i, code, field }) => ({
    severity: 'error',
    code: issues[code] ?? 'value',
    details: { coding: [{ system: 'urn:hms:telemetry:refusal', code }] },
    ...(field === undefined ? {} : { diagnostics: field }),
    expression: [`Bundle.entry[${i}]`],
  })),
});
