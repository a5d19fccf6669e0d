import { allowedVariables, builtinTemplates, type TemplateText } from './builtin-templates.js';
import { languages, type Channel, type Language, type TemplateCode } from '../notification.terms.js';

export type Variables = Readonly<Record<string, string>>;

export interface TemplateKey {
  readonly code: TemplateCode;
  readonly lang: Language;
  readonly channel: Channel;
}

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** Variables a text names that this template may not say, and anything left of a broken placeholder. */
export function refusedVariables(
  key: Pick<TemplateKey, 'code' | 'channel'>,
  { subject, body }: TemplateText,
): string[] {
  const whole = `${subject ?? ''}\n${body}`;
  const named = [...whole.matchAll(placeholder)].map(([, name = '']) => name);
  const broken = /\{\{|\}\}/.test(whole.replace(placeholder, '')) ? ['{{'] : [];
  return [...new Set([...named.filter((name) => !allowedVariables[key.code][key.channel].includes(name)), ...broken])];
}

/**
 * The text with what this template may say of the variables. Whatever a stored template names beyond that stays empty: a
 * text of an older release must not say more than this one allows.
 */
export function render(key: TemplateKey, { subject, body }: TemplateText, variables: Variables): TemplateText {
  const allowed = allowedVariables[key.code][key.channel];
  const fill = (text: string): string =>
    text.replace(placeholder, (_, name: string) => (allowed.includes(name) ? (variables[name] ?? '') : ''));
  return { subject: subject === null ? null : fill(subject), body: fill(body) };
}

export const builtinText = ({ code, lang, channel }: TemplateKey): TemplateText =>
  builtinTemplates[lang][code][channel];

/** The first of the wishes there are texts in: `de-AT` is served by `de`. */
export function languageFor(...wishes: readonly (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const base = wish?.split('-')[0]?.toLowerCase();
    const found = languages.find((language) => language === base);
    if (found) return found;
  }
  return 'en';
}

/** What a text may say of an appointment's start, in the words of the language and at the clock of the place. */
export function momentVariables(start: Date, lang: Language, timezone: string): { date: string; time: string } {
  return {
    date: new Intl.DateTimeFormat(lang, { dateStyle: 'full', timeZone: timezone }).format(start),
    time: new Intl.DateTimeFormat(lang, { timeStyle: 'short', timeZone: timezone }).format(start),
  };
}
