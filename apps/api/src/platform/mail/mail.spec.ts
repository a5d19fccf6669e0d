import { describe, expect, it } from '@jest/globals';
import { toHtml, toText } from './mail.js';

const mail = { subject: 'Hi', paragraphs: ['Dear <b>Eve</b> & co.'], link: 'https://hms.example/?a="b"' };

describe('a mail', () => {
  it('reads the same as plain text', () => {
    expect(toText(mail)).toBe('Dear <b>Eve</b> & co.\n\nhttps://hms.example/?a="b"\n');
  });

  it('never becomes markup through a name', () => {
    expect(toHtml(mail)).toContain('Dear &lt;b&gt;Eve&lt;/b&gt; &amp; co.');
    expect(toHtml(mail)).toContain('href="https://hms.example/?a=&quot;b&quot;"');
  });
});
