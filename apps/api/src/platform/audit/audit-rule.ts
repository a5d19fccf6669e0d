import type { AuditAction } from '@hms/audit';
import type { Identity } from '../access/actor.js';

/** What is known of a use of a route: what was asked for, and what came of it. */
export interface Answer {
  /** Method and matched route. */
  readonly operation: string;
  readonly params: Readonly<Record<string, string>>;
  /** Who asked; absent when nobody was signed in. */
  readonly by?: Pick<Identity, 'userId' | 'sessionId'> | undefined;
  /** Body of the answer, or the result of the work; absent for a refusal. */
  readonly result?: unknown;
}

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
