/** What a failure looks like to a client, stated once per code. */
export interface ErrorSpec {
  readonly status: number;
  readonly title: string;
  /** Seconds after which the same request may succeed; sent as `Retry-After`. */
  readonly retryAfter?: number;
}

/** One thing wrong with one field: `field` is a path such as `allergies.0.substance`. */
export interface FieldProblem {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

/** RFC 9457 problem details, with the members every HMS answer adds. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  readonly detail?: string;
  readonly errors?: readonly FieldProblem[];
  readonly [member: string]: unknown;
}

export interface ErrorDetails {
  /** What to change, in words for the caller. Never an internal message. */
  readonly detail?: string;
  readonly errors?: readonly FieldProblem[];
  /** Seconds, where this failure knows better than its catalogue. */
  readonly retryAfter?: number;
  /** Further members of the problem body, such as `alternatives`. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Logged, never sent. */
  readonly cause?: unknown;
}

/** The only error the services throw on purpose. Its code is stable and documented. */
export class AppError extends Error {
  constructor(
    readonly code: string,
    readonly spec: ErrorSpec,
    readonly details: ErrorDetails = {},
  ) {
    super(`${code}: ${spec.title}`, { cause: details.cause });
    this.name = 'AppError';
  }

  /** Seconds after which the same request may succeed, if that is known. */
  get retryAfter(): number | undefined {
    return this.details.retryAfter ?? this.spec.retryAfter;
  }
}

export type Catalogue = Readonly<Record<string, ErrorSpec>>;

const documented = new Map<string, ErrorSpec>();

/** @throws an Error when a code means something else in another catalogue */
export function defineErrors<const T extends Catalogue>(catalogue: T): T {
  for (const [code, spec] of Object.entries(catalogue)) {
    const known = documented.get(code);
    if (known && known !== spec) throw new Error(`error code ${code} is defined twice`);
    documented.set(code, spec);
  }
  return catalogue;
}

/** Every code of every catalogue that is loaded: what `type` of a problem may point to. */
export const documentedErrors = (): ReadonlyMap<string, ErrorSpec> => documented;

/** Makes the thrower of one catalogue: `throw patientError('patient.not-found')`. */
export const raiser =
  <T extends Catalogue>(catalogue: T) =>
  (code: keyof T & string, details?: ErrorDetails): AppError => {
    const spec = catalogue[code];
    if (!spec) throw new Error(`error code ${code} is not in its catalogue`);
    return new AppError(code, spec, details);
  };

/** Failures any route of any service can answer with. */
export const commonErrors = defineErrors({
  'request.malformed': { status: 400, title: 'The request could not be read' },
  'request.invalid': { status: 422, title: 'The request is not valid' },
  'auth.unauthenticated': { status: 401, title: 'Sign in first' },
  'auth.forbidden': { status: 403, title: 'You may not do this' },
  'route.not-found': { status: 404, title: 'There is nothing at this address' },
  'method.not-allowed': { status: 405, title: 'This address does not take that method' },
  'body.too-large': { status: 413, title: 'The body is too large' },
  'body.unsupported-type': { status: 415, title: 'This content type is not accepted here' },
  'precondition.required': { status: 428, title: 'Send If-Match with the version you read' },
  'precondition.failed': { status: 412, title: 'Somebody changed this since you read it' },
  /** A quota is used up; `Retry-After` says when to come back, `RateLimit-Policy` which quota it was. */
  'rate.limited': { status: 429, title: 'Too many requests, retry later', retryAfter: 1 },
  'service.busy': { status: 503, title: 'Busy, retry shortly', retryAfter: 1 },
  'service.unavailable': { status: 503, title: 'Not available at the moment, retry shortly', retryAfter: 2 },
  'internal.error': { status: 500, title: 'Something went wrong on our side' },
});

export const commonError = raiser(commonErrors);

/** A request that one field makes invalid; `what` is wrong with it, as it reads after its name. */
export const invalidField = (field: string, code: string, what: string): AppError =>
  commonError('request.invalid', { errors: [{ field, code, message: `${field} ${what}` }] });

/** Turns whatever was thrown into what a client may see: an unknown error becomes a bare 500. */
export function toProblem(thrown: unknown, requestId: string): Problem {
  const error = thrown instanceof AppError ? thrown : commonError('internal.error');
  const { detail, errors, members } = error.details;
  return {
    type: `/problems/${error.code}`,
    title: error.spec.title,
    status: error.spec.status,
    code: error.code,
    requestId,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
    ...members,
  };
}
