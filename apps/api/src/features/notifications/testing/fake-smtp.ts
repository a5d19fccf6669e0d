import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

export interface KeptMail {
  readonly to: string;
  readonly source: string;
}

/** An SMTP server that refuses what it is told to. */
export class FakeSmtp {
  readonly mails: KeptMail[] = [];
  /** Reply codes to the recipients of the next mails. */
  readonly refusals: number[] = [];
  readonly #server: SMTPServer;

  constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      onRcptTo: (_, __, done) => {
        const responseCode = this.refusals.shift();
        if (responseCode === undefined) done();
        else done(Object.assign(new Error('refused'), { responseCode }));
      },
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          this.mails.push({ to: recipientOf(session), source: Buffer.concat(chunks).toString() });
          done();
        });
      },
    });
  }

  async start(): Promise<this> {
    const server = this.#server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return this;
  }

  get url(): string {
    return `smtp://127.0.0.1:${String((this.#server.server.address() as AddressInfo).port)}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(resolve));
  }
}

const recipientOf = ({ envelope }: SMTPServerSession): string => envelope.rcptTo[0]?.address ?? '';

/** An SMTP server that is never silent and never done: its answer to the first command has no last line. */
export class TricklingSmtp {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.#sockets.add(socket);
    socket.write('220 ready\r\n');
    const timer = setInterval(() => socket.write('250-wait\r\n'), 20);
    socket.on('error', () => undefined).resume();
    socket.on('close', () => {
      clearInterval(timer);
      this.#sockets.delete(socket);
    });
  });

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `smtp://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** How many connections are. */
  get open(): number {
    return this.#sockets.size;
  }

  stop(): Promise<unknown> {
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
