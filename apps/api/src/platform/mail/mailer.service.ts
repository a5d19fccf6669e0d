import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { assertOutsideTransaction } from '@hms/service-kit';
import { createTransport, type Transporter } from 'nodemailer';
import { ApiConfig } from '../config/api-config.js';
import { toHtml, toText, type Addressed, type Mail } from './mail.js';

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);
const patienceMs = 8_000;
/** Of a connection that is ended, for the server to end it too. */
const farewellMs = 1_000;

/** Hands mails to the SMTP server. Only jobs call it: no request waits for mail. */
@Injectable()
export class Mailer implements OnApplicationShutdown {
  /**
   * A mail is given up after this, however busy the connection is: shorter than the half of any lease under which mails are
   * sent, so that nobody else sends it meanwhile.
   */
  protected readonly deadlineMs: number = 12_000;
  readonly #transport: Transporter;

  constructor(private readonly config: ApiConfig) {
    const { hostname } = new URL(config.smtpUrl);
    this.#transport = createTransport({
      url: config.smtpUrl,
      // Tokens travel in mails: without TLS only inside this machine.
      requireTLS: !loopback.has(hostname),
      connectionTimeout: patienceMs,
      greetingTimeout: patienceMs,
      socketTimeout: patienceMs,
      socketCloseTimeout: farewellMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  /** Resolves once the server took the mail. @throws whatever nodemailer says of a server that did not */
  async send(mail: Mail, { to, id }: Addressed): Promise<void> {
    assertOutsideTransaction('sending a mail');
    const { hostname } = new URL(this.config.publicUrl);
    await this.#transport.sendMail({
      from: this.config.mailFrom,
      to,
      subject: mail.subject,
      text: toText(mail),
      html: toHtml(mail),
      messageId: `<${id}@${hostname}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      textEncoding: 'quoted-printable',
      signal: AbortSignal.timeout(this.deadlineMs),
    });
  }

  onApplicationShutdown(): void {
    this.#transport.close();
  }
}
