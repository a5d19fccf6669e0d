/** A mail as a template makes it. It names no patient and nothing clinical: mail is read on lock screens. */
export interface Mail {
  readonly subject: string;
  /** Plain sentences, one paragraph each. */
  readonly paragraphs: readonly string[];
  /** On a line of its own. */
  readonly link?: string;
  /** Of its words, such as `de`; English unless said. */
  readonly lang?: string;
}

export interface Addressed {
  readonly to: { readonly name: string; readonly address: string };
  /** Stays the same when the mail is sent again, so that a mailbox can tell. */
  readonly id: string;
}

export const toText = ({ paragraphs, link }: Mail): string =>
  [...paragraphs, ...(link === undefined ? [] : [link])].join('\n\n') + '\n';

export function toHtml({ subject, paragraphs, link, lang = 'en' }: Mail): string {
  const body = paragraphs.map((text) => `<p>${escaped(text)}</p>`);
  if (link !== undefined) body.push(`<p><a href="${escaped(link)}">${escaped(link)}</a></p>`);
  return `<!doctype html><html lang="${escaped(lang)}"><head><meta charset="utf-8"><title>${escaped(subject)}</title></head><body>${body.join('')}</body></html>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
