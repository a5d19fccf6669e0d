import { extendRouteConfig } from '../http/route-config.js';
import type { AuditDeclaration } from './audit-rule.js';

/**
 * Every use of this route is one row of the audit: a write's in the transaction of its effect, a read's before the
 * answer leaves. A refusal of a known caller is one too.
 */
export const Audited = (declaration: AuditDeclaration): MethodDecorator =>
  extendRouteConfig({ audit: { kind: 'audited', ...declaration } });

/** This route leaves no row, for the stated reason. */
export const NotAudited = (why: string): MethodDecorator => extendRouteConfig({ audit: { kind: 'not-audited', why } });
