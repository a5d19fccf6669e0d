import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { commonError, type FieldProblem } from '@hms/contracts';

/** Whoever sends more mistakes than this learns of the rest later. */
const maxReported = 100;

/** Refuses what a DTO does not name, and says of each field what to change. Values are never quoted back. */
export const validationPipe = (): ValidationPipe =>
  new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) =>
      commonError('request.invalid', { errors: errors.flatMap((e) => fieldProblems(e)).slice(0, maxReported) }),
  });

function fieldProblems(error: ValidationError, parent = ''): FieldProblem[] {
  const field = parent ? `${parent}.${error.property}` : error.property;
  const own = Object.entries(error.constraints ?? {}).map(([code, message]) => ({ field, code, message }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldProblems(child, field))];
}
