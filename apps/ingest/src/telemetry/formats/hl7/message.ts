import { commonError } from '@hms/contracts';

/** The five characters a message is written with, from its own MSH segment. */
interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
}

/** One segment. Fields and components count from 1, as in the standard; what is not there is empty. */
export class Segment {
  readonly name: string;
  readonly #fields: readonly string[];

  constructor(
    line: string,
    private readonly delimiters: Delimiters,
  ) {
    const fields = line.split(delimiters.field);
    this.name = fields[0] ?? '';
    // MSH-1 is the delimiter itself.
    this.#fields = this.name === 'MSH' ? ['MSH', delimiters.field, ...fields.slice(1)] : fields;
  }

  /** Whether the field says anything; `""` says that there is nothing. */
  has(field: number): boolean {
    const raw = this.#fields[field] ?? '';
    return raw !== '' && raw !== '""';
  }

  /** The component of a repetition, the first if none is named, without its escapes. */
  get(field: number, component = 1, repetition = 0): string {
    const { repetition: next, component: between, subcomponent } = this.delimiters;
    const repeated = (this.#fields[field] ?? '').split(next)[repetition] ?? '';
    const [text = ''] = (repeated.split(between)[component - 1] ?? '').split(subcomponent);
    return unescape(text, this.delimiters);
  }

  /** How often the field is repeated; 1 for one that is empty. */
  repetitions(field: number): number {
    return (this.#fields[field] ?? '').split(this.delimiters.repetition).length;
  }
}

const segmentEnd = /\r\n|\r|\n/;
const printable = /^[!-/:-@[-`{-~]$/;
/** Of what is read of a message before it is known who sent it. */
const longestHeader = 4_096;
const isFilled = (line: string): boolean => line.trim() !== '';

/**
 * Reads an HL7 v2 message (ER7, chapter 2 of the standard) in time proportional to its length.
 * @throws `request.malformed` for what does not begin with a whole MSH segment
 */
export function parseMessage(text: string): readonly [Segment, ...Segment[]] {
  const [header = '', ...lines] = text.split(segmentEnd).filter(isFilled);
  const delimiters = delimitersOf(header);
  return [new Segment(header, delimiters), ...lines.map((line) => new Segment(line, delimiters))];
}

/** Its MSH segment, however long the message. @throws as {@link parseMessage} */
export function parseHeader(text: string): Segment {
  const [header = ''] = text.slice(0, longestHeader).split(segmentEnd).filter(isFilled);
  return new Segment(header, delimitersOf(header));
}

function delimitersOf(header: string): Delimiters {
  const [field = '', component = '', repetition = '', escape = '', subcomponent = ''] = header.slice(3, 8);
  const all = [field, component, repetition, escape, subcomponent];
  const whole = header.startsWith('MSH') && all.every((each) => printable.test(each)) && header[8] === field;
  if (whole && new Set(all).size === all.length) return { field, component, repetition, escape, subcomponent };
  throw commonError('request.malformed', { detail: 'An HL7 message begins with MSH and its five delimiters.' });
}

/** `\F\ \S\ \T\ \R\ \E\` and `\Xdd…\`; formatting commands have no place in a value and go. */
function unescape(text: string, delimiters: Delimiters): string {
  const { escape, field, component, subcomponent, repetition } = delimiters;
  if (!text.includes(escape)) return text;
  const plain: Readonly<Record<string, string>> = { F: field, S: component, T: subcomponent, R: repetition, E: escape };
  const parts = text.split(escape);
  return parts
    .map((part, i) => {
      const isCommand = i % 2 === 1 && i < parts.length - 1;
      if (!isCommand) return i % 2 === 1 ? escape + part : part;
      return (
        plain[part] ?? (/^X(?:[0-9A-F]{2})+$/i.test(part) ? Buffer.from(part.slice(1), 'hex').toString('latin1') : '')
      );
    })
    .join('');
}
