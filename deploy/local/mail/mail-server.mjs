import { createServer } from 'node:http';
import { SMTPServer } from 'smtp-server';
import { Mailbox } from './mailbox.mjs';
import { inboxPage } from './inbox-page.mjs';

const HOST = '127.0.0.1';
const LARGEST_BYTES = 1_048_576;

const [folder = '', smtpPort, httpPort] = process.argv.slice(2);
const mailbox = new Mailbox(folder);

const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  size: LARGEST_BYTES,
  banner: 'HMS local mail',
  onData(stream, session, done) {
    /** @type {Buffer[]} */
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      const to = session.envelope.rcptTo.map(({ address }) => address);
      mailbox.keep(Buffer.concat(chunks), to).then(() => done(), done);
    });
  },
});
smtp.on('error', (error) => console.error(error.message));
smtp.listen(Number(smtpPort), HOST);

const http = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://mail');
  const mails = () => mailbox.list(searchParams.get('to') ?? undefined);
  if (pathname === '/mails') {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ items: mails() }));
  } else if (pathname === '/') {
    response
      .setHeader('content-type', 'text/html; charset=utf-8')
      .setHeader('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .end(inboxPage(mails()));
  } else {
    response.writeHead(404).end();
  }
}).listen(Number(httpPort), HOST);

process.on('SIGTERM', () => {
  smtp.close();
  http.close();
  http.closeAllConnections();
});
