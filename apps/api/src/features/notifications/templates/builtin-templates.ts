import type { Channel, Language, TemplateCode } from '../notification.terms.js';

/** A text with `{{variables}}`. Only mails and in-app messages have a subject. */
export interface TemplateText {
  readonly subject: string | null;
  readonly body: string;
}

/** What texts that leave the building unread by a lock may say: whom they are from, and where to read the rest. */
const onLockScreens = ['hospital', 'link'] as const;

/** What each text may say. Push and SMS show on locked screens, so they know nothing of a patient. */
export const allowedVariables: Readonly<Record<TemplateCode, Readonly<Record<Channel, readonly string[]>>>> = {
  message: {
    'in-app': ['hospital', 'title', 'body'],
    email: onLockScreens,
    push: onLockScreens,
    sms: onLockScreens,
  },
  broadcast: {
    'in-app': ['hospital', 'title', 'body'],
    email: ['hospital', 'title', 'body', 'link'],
    // One text for everybody says nothing of anybody.
    push: ['hospital', 'title', 'body'],
    sms: onLockScreens,
  },
  'appointment-reminder': {
    'in-app': ['hospital', 'date', 'time'],
    email: ['hospital', 'date', 'time', 'link'],
    push: onLockScreens,
    sms: onLockScreens,
  },
};

const text = (subject: string | null, body: string): TemplateText => ({ subject, body });
type Texts = Readonly<Record<TemplateCode, Readonly<Record<Channel, TemplateText>>>>;

const en: Texts = {
  message: {
    'in-app': text('{{title}}', '{{body}}'),
    email: text('A message from {{hospital}}', '{{hospital}} sent you a message. Sign in to read it:'),
    push: text('{{hospital}}', 'You have a new message.'),
    sms: text(null, '{{hospital}}: you have a new message. Sign in to read it: {{link}}'),
  },
  broadcast: {
    'in-app': text('{{title}}', '{{body}}'),
    email: text('{{title}}', '{{body}}'),
    push: text('{{title}}', '{{body}}'),
    sms: text(null, '{{hospital}} has news for you: {{link}}'),
  },
  'appointment-reminder': {
    'in-app': text('Your appointment', 'You have an appointment at {{hospital}} on {{date}} at {{time}}.'),
    email: text(
      'Your appointment at {{hospital}}',
      'You have an appointment at {{hospital}} on {{date}} at {{time}}. If you cannot come, please cancel it:',
    ),
    push: text('{{hospital}}', 'A reminder: open the app to read it.'),
    sms: text(null, '{{hospital}}: a reminder for you: {{link}}'),
  },
};

const de: Texts = {
  message: {
    'in-app': text('{{title}}', '{{body}}'),
    email: text(
      'Eine Nachricht von {{hospital}}',
      '{{hospital}} hat Ihnen eine Nachricht geschickt. Melden Sie sich an, um sie zu lesen:',
    ),
    push: text('{{hospital}}', 'Sie haben eine neue Nachricht.'),
    sms: text(null, '{{hospital}}: Sie haben eine neue Nachricht: {{link}}'),
  },
  broadcast: {
    'in-app': text('{{title}}', '{{body}}'),
    email: text('{{title}}', '{{body}}'),
    push: text('{{title}}', '{{body}}'),
    sms: text(null, '{{hospital}} hat Neuigkeiten für Sie: {{link}}'),
  },
  'appointment-reminder': {
    'in-app': text('Ihr Termin', 'Sie haben am {{date}} um {{time}} einen Termin: {{hospital}}.'),
    email: text(
      'Ihr Termin: {{hospital}}',
      'Sie haben am {{date}} um {{time}} einen Termin: {{hospital}}. Wenn Sie nicht kommen können, sagen Sie bitte ab:',
    ),
    push: text('{{hospital}}', 'Eine Erinnerung: öffnen Sie die App, um sie zu lesen.'),
    sms: text(null, '{{hospital}}: eine Erinnerung für Sie: {{link}}'),
  },
};

const es: Texts = {
  message: {
    'in-app': text('{{title}}', '{{body}}'),
    email: text('Un mensaje de {{hospital}}', '{{hospital}} le ha enviado un mensaje. Inicie sesión para leerlo:'),
    push: text('{{hospital}}', 'Tiene un mensaje nuevo.'),
    sms: text(null, '{{hospital}}: tiene un mensaje nuevo: {{link}}'),
  },
  broadcast: {
    'in-app': text('{{title}}', '{{body}}'),
    email: text('{{title}}', '{{body}}'),
    push: text('{{title}}', '{{body}}'),
    sms: text(null, '{{hospital}} tiene novedades para usted: {{link}}'),
  },
  'appointment-reminder': {
    'in-app': text('Su cita', 'Tiene una cita en {{hospital}} el {{date}} a las {{time}}.'),
    email: text(
      'Su cita en {{hospital}}',
      'Tiene una cita en {{hospital}} el {{date}} a las {{time}}. Si no puede venir, cancélela, por favor:',
    ),
    push: text('{{hospital}}', 'Un recordatorio: abra la aplicación para leerlo.'),
    sms: text(null, '{{hospital}}: un recordatorio para usted: {{link}}'),
  },
};

const fr: Texts = {
  message: {
    'in-app': text('{{title}}', '{{body}}'),
    email: text('Un message de {{hospital}}', '{{hospital}} vous a envoyé un message. Connectez-vous pour le lire :'),
    push: text('{{hospital}}', 'Vous avez un nouveau message.'),
    sms: text(null, '{{hospital}} : vous avez un nouveau message : {{link}}'),
  },
  broadcast: {
    'in-app': text('{{title}}', '{{body}}'),
    email: text('{{title}}', '{{body}}'),
    push: text('{{title}}', '{{body}}'),
    sms: text(null, '{{hospital}} a des nouvelles pour vous : {{link}}'),
  },
  'appointment-reminder': {
    'in-app': text('Votre rendez-vous', 'Vous avez rendez-vous à {{hospital}} le {{date}} à {{time}}.'),
    email: text(
      'Votre rendez-vous à {{hospital}}',
      'Vous avez rendez-vous à {{hospital}} le {{date}} à {{time}}. Si vous ne pouvez pas venir, merci de l’annuler :',
    ),
    push: text('{{hospital}}', 'Un rappel : ouvrez l’application pour le lire.'),
    sms: text(null, '{{hospital}} : un rappel pour vous : {{link}}'),
  },
};

export const builtinTemplates: Readonly<Record<Language, Texts>> = { en, de, es, fr };
