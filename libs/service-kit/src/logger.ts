import { pino, type Logger } from 'pino';

export type { Logger };

/**
 * JSON lines on stdout. Serializers are allow-lists: a request is its id, method and route, an error its type, code and
 * stack; bodies, headers, query strings and patient data have no way in.
 */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  });
}

interface LoggedError {
  readonly type: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/** The message is left out unless it is ours: drivers quote rows and parameters in theirs. */
export function describeError(err: unknown): LoggedError {
  if (!(err instanceof Error)) return { type: typeof err };
  const code: unknown = 'code' in err ? err.code : undefined;
  const frames = err.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: err.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(frames ? { stack: frames.slice(0, 12).join('\n') } : {}),
    ...(err.cause === undefined ? {} : { cause: describeError(err.cause) }),
  };
}
