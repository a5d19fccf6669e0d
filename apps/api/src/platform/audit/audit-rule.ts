import type { AuditAction } from '@hms/audit';
import type { Answer } from './audit-subjects.js';

/** What a use of a route leaves behind in the audit. */
export interface AuditDeclaration {
  readonly action: AuditAction;
  /** Kind of record, such as `patient`. */
  readonly entity: string;
  /** Which records; by default, the `id` of each in the answer, or else the last in the path. */
  readonly entityIds?: (answer: Answer) => readonly unknown[];
  /** Whose; by default, the patient in the path and every `patientId` in the answer. */
  readonly patientIds?: (answer: Answer) => readonly unknown[];
  /** Member of a refusal's body that lists patients: showing them is a read. */
  readonly shownByRefusal?: string;
}

export type AuditRule =
  ({ readonly kind: 'audited' } & AuditDeclaration) | { readonly kind: 'not-audited'; readonly why: string };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@Audited` or `@NotAudited`. */
    audit?: AuditRule;
  }
}
