import { ValidateBy } from 'class-validator';

/** As PostgreSQL takes it too; without that form Intl would also take offsets. */
const form = /^(UTC|[A-Za-z]+(\/[A-Za-z0-9_+-]+)+)$/;

/** Whether there is such a zone, spelt as it is in the database of zones. */
export function isZone(zone: string): boolean {
  if (!form.test(zone)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions();
    return timeZone === zone || timeZone.toLowerCase() !== zone.toLowerCase();
  } catch {
    return false;
  }
}

/** The first of these that times can be told in, or else UTC. PostgreSQL lists some names that Intl does not know. */
export function knownZone(...zones: readonly (string | null | undefined)[]): string {
  for (const zone of zones) {
    if (zone && isKnown(zone)) return zone;
  }
  return 'UTC';
}

const [known, maxKnown] = [new Map<string, boolean>(), 2_000];

function isKnown(zone: string): boolean {
  let is = known.get(zone);
  if (is === undefined) {
    if (known.size >= maxKnown) known.clear();
    is = canTell(zone);
    known.set(zone, is);
  }
  return is;
}

function canTell(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** An IANA zone, such as `Africa/Nairobi`. */
export const IsZone = (): PropertyDecorator =>
  ValidateBy({
    name: 'isZone',
    validator: {
      validate: (value) => typeof value === 'string' && value.length <= 64 && isZone(value),
      defaultMessage: (args) => `${args?.property ?? 'value'} must be an IANA zone, such as Africa/Nairobi`,
    },
  });
