import { OperatorError } from '@hms/database';

export interface EditionCode {
  /** With its dot. */
  readonly code: string;
  readonly display: string;
  /** False for a heading. */
  readonly recordable: boolean;
}

const form = /^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$/;
/** A line of the order file of ICD-10-CM: number, code without dot, whether it is a code or a heading, two titles. */
const orderLine = /^\d{5} ([A-Z0-9]{3,7}) +([01]) (.{1,60})(?: (.+))?$/;

/**
 * Reads the order file in which CMS publishes ICD-10-CM, or lines of a code, a tab and a title, as other editions can be
 * brought to. Empty lines and those that begin with `#` are left out.
 *
 * @throws OperatorError that names the first line which is neither, or a code that comes twice
 */
export function readEdition(text: string): EditionCode[] {
  const codes = new Map<string, EditionCode>();
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const read = readOrderLine(line) ?? readPlainLine(line);
    const where = `Line ${i + 1}`;
    if (!read || !form.test(read.code) || read.display === '' || read.display.length > 400)
      throw new OperatorError(`${where} is not a line of ICD-10-CM's order file, nor a code, a tab and a title.`);
    if (codes.has(read.code)) throw new OperatorError(`${where} has ${read.code} a second time.`);
    codes.set(read.code, read);
  });
  if (codes.size === 0) throw new OperatorError('The file holds no codes.');
  return [...codes.values()];
}

function readOrderLine(line: string): EditionCode | undefined {
  const [, code, kind, short, long] = orderLine.exec(line) ?? [];
  if (code === undefined || short === undefined) return undefined;
  return { code: dotted(code), display: (long ?? short).trim(), recordable: kind === '1' };
}

function readPlainLine(line: string): EditionCode | undefined {
  const [code, display] = line.split('\t');
  if (code === undefined || display === undefined) return undefined;
  return { code: dotted(code.trim().toUpperCase()), display: display.trim(), recordable: true };
}

const dotted = (code: string): string =>
  code.length > 3 && !code.includes('.') ? `${code.slice(0, 3)}.${code.slice(3)}` : code;
