import { commonError, defineErrors, raiser, type AppError } from '@hms/contracts';

export const schedulingErrors = defineErrors({
  'site.not-found': { status: 404, title: 'There is no such site' },
  'site.name-taken': { status: 409, title: 'Another site has this name' },
  'service.not-found': { status: 404, title: 'There is no such service' },
  'service.name-taken': { status: 409, title: 'Another service has this name' },
  'resource.not-found': { status: 404, title: 'There is no such provider, room or device' },
  'resource.user-taken': { status: 409, title: 'Another provider has this account' },
  'schedule-rule.not-found': { status: 404, title: 'This resource has no such rule' },
  'schedule-exception.not-found': { status: 404, title: 'This resource has no such exception' },
  /** Cancel or move the appointments that overlap, then repeat. */
  'scheduling-settings.patients-overlap': {
    status: 409,
    title: 'A patient has appointments that overlap, which the setting would forbid',
  },
});

export const schedulingError = raiser(schedulingErrors);

/** A field of the body names nothing that can be used. */
export const notUsable = (field: string, what: string, cause?: unknown): AppError =>
  commonError('request.invalid', {
    errors: [{ field, code: 'not-found', message: `there is no such ${what}` }],
    cause,
  });
