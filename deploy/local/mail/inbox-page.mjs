/** @import { CaughtMail } from './mailbox.mjs' */

/**
 * Every mail the platform would have sent.
 * @param {CaughtMail[]} mails
 */
export function inboxPage(mails) {
  const shown = mails.map(
    ({ receivedAt, to, subject, text }) =>
      `<article><h2>${escaped(subject)}</h2><p>${escaped(receivedAt)} to ${escaped(to.join(', '))}</p><pre>${escaped(text)}</pre></article>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Mails of HMS</title>
<style>body{font:16px/1.5 system-ui;max-width:46rem;margin:2rem auto}pre{white-space:pre-wrap}</style>
<h1>Mails of HMS</h1>${shown.join('') || '<p>None yet.</p>'}</html>`;
}

/** @param {string} text */
const escaped = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
