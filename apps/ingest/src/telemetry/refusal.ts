import { AppError } from '@hms/contracts';

/** Whether what was refused would be refused again: it is not that there was no room, or that something failed. */
export const isForGood = (thrown: unknown): boolean =>
  thrown instanceof AppError && thrown.spec.status < 500 && thrown.spec.status !== 429;
