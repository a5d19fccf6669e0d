import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { ApiConfig } from '../../../platform/config/api-config.js';
import { Mailer } from '../../../platform/mail/mailer.service.js';
import { until } from '../../../testing/until.js';
import { FakeSmtp, TricklingSmtp } from '../testing/fake-smtp.js';
import type { ClaimedDelivery } from './claimed-delivery.js';
import { EmailSender } from './email-sender.js';

const smtp = new FakeSmtp();
const publicUrl = process.env['PUBLIC_URL'] ?? '';
let mailer: Mailer;

class Hasty extends Mailer {
  protected override readonly deadlineMs = 300;
}
const configFor = (url: string): ApiConfig =>
  new ApiConfig({ ...process.env, NODE_ENV: 'test', PORT: '1', SMTP_URL: url });

beforeAll(async () => {
  await smtp.start();
  mailer = new Mailer(configFor(smtp.url));
});
afterAll(async () => {
  mailer.onApplicationShutdown();
  await smtp.stop();
});

describe('a mail', () => {
  const delivery = (to: string): ClaimedDelivery => ({
    id: uuidv7(),
    notificationId: uuidv7(),
    pushTokenId: null,
    urgent: false,
    attempt: 1,
    inDoubtSince: null,
    isExpired: false,
    code: 'message',
    params: {},
    userId: null,
    patientId: null,
    expiresAt: new Date(),
    email: to,
    name: 'Ada',
    phone: null,
    languages: ['de'],
    hospitalName: 'North',
    timezone: 'UTC',
    isRecipient: true,
    withdrawnBy: null,
  });
  const text = { subject: 'Eine Nachricht', body: 'Melden Sie sich an:' };

  it('is sent again with the same message id, in the language of its reader', async () => {
    const [sender, mail] = [new EmailSender(mailer, publicUrl), delivery(`ada.${uuidv7()}@example.test`)];
    for (let i = 0; i < 2; i += 1)
      expect(await sender.send(mail, text)).toEqual({ kind: 'accepted', providerId: mail.id });
    const ids = smtp.mails
      .filter(({ to }) => to === mail.email)
      .map(({ source }) => /Message-ID: (\S+)/i.exec(source)?.[1]);
    expect(ids).toEqual([expect.stringContaining(mail.id), ids[0]]);
    expect(smtp.mails.at(-1)?.source).toContain('<html lang=3D"de">');
  });

  it.each([
    [550, { kind: 'refused', code: 'smtp.550' }],
    [451, { kind: 'postponed', code: 'smtp.451', aboutMessage: true }],
    [421, { kind: 'postponed', code: 'smtp.421' }],
  ])('to a recipient the server answers with %i', async (code, handingOver) => {
    smtp.refusals.push(code);
    const sender = new EmailSender(mailer, publicUrl);
    expect(await sender.send(delivery('nobody@example.test'), text)).toEqual(handingOver);
  });

  it('is sent later where no server answers', async () => {
    const gone = await new FakeSmtp().start();
    const other = new Mailer(configFor(gone.url));
    await gone.stop();
    const handingOver = await new EmailSender(other, publicUrl).send(delivery('a@example.test'), text);
    other.onApplicationShutdown();
    expect(handingOver).toEqual({ kind: 'postponed', code: 'smtp.unreachable' });
  });

  it('is given up, and its connection ended, when the server takes too long in all, though it never falls silent', async () => {
    const trickling = await new TricklingSmtp().start();
    const hasty = new Hasty(configFor(trickling.url));
    const handingOver = await new EmailSender(hasty, publicUrl).send(delivery('slow@example.test'), text);
    hasty.onApplicationShutdown();
    expect(handingOver).toEqual({ kind: 'in-doubt', code: 'smtp.no-answer' });
    await until(() => trickling.open === 0);
    await trickling.stop();
  });
});
