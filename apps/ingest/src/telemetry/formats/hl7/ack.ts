import { type RejectCode, type RejectedReading } from '@hms/contracts';
import type { Segment } from './message.js';

/**
 * HL7 table 0008. `AE`: not now, it may be sent again; `AR`: never, it is nothing for us or nothing of it can be stored.
 */
export type AckCode = 'AA' | 'AE' | 'AR';

/** HL7 table 0357, as near as it has them. */
const conditions: Partial<Record<RejectCode, string>> = {
  missing_time: '101^Required field missing^HL70357',
  not_a_number: '102^Data type error^HL70357',
  malformed: '102^Data type error^HL70357',
  missing_zone: '102^Data type error^HL70357',
  unsupported: '102^Data type error^HL70357',
  unknown_field: '103^Table value not found^HL70357',
  wrong_patient: '204^Unknown key identifier^HL70357',
  unknown_device: '204^Unknown key identifier^HL70357',
};
const other = '207^Application internal error^HL70357';
const reasons = {
  unsupported: '200^Unsupported message type^HL70357',
  malformed: '102^Data type error^HL70357',
  other,
} as const;

export interface Acknowledgement {
  readonly code: AckCode;
  /** Short name of the hospital that answers. */
  readonly hospital: string;
  /** Control id of the answer itself. */
  readonly controlId: string;
  readonly at: Date;
  readonly rejected?: readonly RejectedReading[];
  /** Why the message as a whole was refused. */
  readonly reason?: { readonly is: keyof typeof reasons; readonly text: string };
}

/**
 * The answer to the message that begins with `header`, in enhanced mode (`CA`, `CE`, `CR`) when MSH-15 asks for it. Nothing
 * the message says but its ids and codes comes back.
 */
export function acknowledge(
  header: Segment,
  { code, hospital, controlId, at, rejected = [], reason }: Acknowledgement,
): string {
  const time = at
    .toISOString()
    .replace(/[-:T]/g, '')
    .replace(/\.\d+Z$/, '+0000');
  const trigger = word(header.get(9, 2)) || 'R01';
  const version = word(header.get(12)) || '2.6';
  const severity = code === 'AA' ? 'W' : 'E';
  const segments = [
    `MSH|^~\\&|HMS|${hospital}|${word(header.get(3))}|${word(header.get(4))}|${time}||ACK^${trigger}^ACK|${controlId}|P|${version}|||||||UNICODE UTF-8`,
    `MSA|${header.get(15) === 'AL' ? `C${code.slice(1)}` : code}|${word(header.get(10))}`,
    ...(reason ? [`ERR|||${reasons[reason.is]}|E||||${reason.text}`] : []),
    ...rejected.map(({ i, code: why, field = '' }) =>
      `ERR||OBX^${i + 1}|${conditions[why] ?? other}|${severity}||||${why} ${field}`.trimEnd(),
    ),
  ];
  return segments.map((segment) => `${segment}\r`).join('');
}

/** Ids and names as they were sent; what could be read as structure is left out. */
const word = (text: string): string => text.replace(/[^\w .:/+-]/g, '').slice(0, 199);
