/** An appointment as calendar programs show it. Nothing of it says who the patient is. */
export interface CalendarEvent {
  readonly id: string;
  readonly start: Date;
  readonly end: Date;
  readonly changedAt: Date;
  readonly version: number;
  readonly summary: string;
  readonly location: string;
  readonly status: 'TENTATIVE' | 'CONFIRMED' | 'CANCELLED';
}

/** RFC 5545, with all times in UTC, so that no zone has to be defined. */
export function toCalendar(name: string, events: readonly CalendarEvent[]): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//HMS//Appointments//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    `X-WR-CALNAME:${escape(name)}`,
    'REFRESH-INTERVAL;VALUE=DURATION:PT15M',
    ...events.flatMap(toEvent),
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${fold(line)}\r\n`).join('');
}

const toEvent = ({ id, start, end, changedAt, version, summary, location, status }: CalendarEvent): string[] => [
  'BEGIN:VEVENT',
  `UID:${id}`,
  `DTSTAMP:${utc(changedAt)}`,
  `DTSTART:${utc(start)}`,
  `DTEND:${utc(end)}`,
  // Programs take a later version for the newer one.
  `SEQUENCE:${version - 1}`,
  `SUMMARY:${escape(summary)}`,
  `LOCATION:${escape(location)}`,
  `STATUS:${status}`,
  `TRANSP:${status === 'CANCELLED' ? 'TRANSPARENT' : 'OPAQUE'}`,
  'END:VEVENT',
];

const utc = (time: Date): string => `${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

const escape = (text: string): string =>
  text.replaceAll(/[\\;,]/g, (special) => `\\${special}`).replaceAll(/\r\n|\r|\n/g, '\\n');

const maxOctets = 75;

/** No line is longer than 75 octets, and no character is cut. */
function fold(line: string): string {
  const lines = [''];
  let length = 0;
  for (const character of line) {
    const octets = Buffer.byteLength(character);
    if (length + octets > maxOctets) {
      lines.push(' ');
      length = 1;
    }
    lines.push(`${lines.pop() ?? ''}${character}`);
    length += octets;
  }
  return lines.join('\r\n');
}
