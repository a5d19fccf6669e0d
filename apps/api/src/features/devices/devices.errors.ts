import { defineErrors, raiser } from '@hms/contracts';

export const deviceErrors = defineErrors({
  'gateway.not-found': { status: 404, title: 'There is no such gateway' },
  'gateway.name-taken': { status: 409, title: 'Another gateway has this name' },
  'gateway-key.not-found': { status: 404, title: 'This gateway has no such key' },
  /** Unknown, of another hospital, or in use on a ward this caller does not work on. */
  'device.not-found': { status: 404, title: 'There is no such device' },
  'device.external-id-taken': { status: 409, title: 'Another device has this name' },
  'device.disabled': { status: 409, title: 'The device is disabled' },
  /** `assignment` is the one in the way. Repeat with `endCurrent` to move the device. */
  'device.already-assigned': { status: 409, title: 'The device is assigned to a patient at that time' },
  'device-assignment.not-found': { status: 404, title: 'This device has no such assignment' },
  'device-assignment.ended': { status: 409, title: 'The assignment has ended before' },
});

export const deviceError = raiser(deviceErrors);
