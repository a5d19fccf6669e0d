import { knownZone } from '../../../platform/http/zone.js';
import type { Channel } from '../notification.terms.js';
import type { TemplateText } from '../templates/builtin-templates.js';
import {
  builtinText,
  languageFor,
  momentVariables,
  render,
  type TemplateKey,
  type Variables,
} from '../templates/rendering.policy.js';
import type { ClaimedDelivery } from './claimed-delivery.js';
import { linkTo } from './message-link.js';

/** What is said, to whom. */
export type Said = Pick<
  ClaimedDelivery,
  'notificationId' | 'code' | 'params' | 'languages' | 'hospitalName' | 'timezone'
>;

/** The text of a notification on one channel, in the language of its recipient and, if it has any, the hospital's words. */
export function textOf(said: Said, channel: Channel, publicUrl: string, own: readonly OwnText[]): TemplateText {
  const lang = languageFor(...said.languages);
  const key = { code: said.code, lang, channel };
  return render(key, own.find(isFor(key)) ?? builtinText(key), variablesOf(said, lang, publicUrl));
}

export type OwnText = TemplateKey & TemplateText;

export const isFor =
  (key: TemplateKey) =>
  ({ code, lang, channel }: TemplateKey): boolean =>
    code === key.code && lang === key.lang && channel === key.channel;

function variablesOf(said: Said, lang: TemplateKey['lang'], publicUrl: string): Variables {
  const { params, hospitalName: hospital, notificationId, timezone } = said;
  const { start, zone } = params;
  const moment = start === undefined ? {} : momentVariables(new Date(start), lang, knownZone(zone, timezone));
  return { ...params, ...moment, hospital, link: linkTo(publicUrl, notificationId) };
}
