import { readdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseMail } from './parse-mail.mjs';

const SHOWN = 200;

/**
 * @typedef {object} CaughtMail
 * @property {string} id
 * @property {string} receivedAt RFC 3339
 * @property {string[]} to addresses of the envelope
 * @property {string} from
 * @property {string} subject
 * @property {string} messageId
 * @property {string} text
 */

/** Mails as files, one each, whole or not at all. */
export class Mailbox {
  #folder;
  #count = 0;

  /** @param {string} folder */
  constructor(folder) {
    this.#folder = folder;
  }

  /**
   * @param {Buffer} source the mail as SMTP carried it
   * @param {string[]} to
   */
  async keep(source, to) {
    const id = `${Date.now()}-${process.pid}-${this.#count++}`;
    const mail = { id, receivedAt: new Date().toISOString(), to, ...parseMail(source.toString('latin1')) };
    const file = join(this.#folder, `${id}.json`);
    await writeFile(`${file}.part`, JSON.stringify(mail), { mode: 0o600, flush: true });
    await rename(`${file}.part`, file);
  }

  /**
   * The newest first.
   * @param {string} [to] only those to this address
   * @returns {CaughtMail[]}
   */
  list(to) {
    const names = readdirSync(this.#folder).filter((name) => name.endsWith('.json'));
    const mails = names
      .sort()
      .reverse()
      .slice(0, SHOWN)
      .map((name) => JSON.parse(readFileSync(join(this.#folder, name), 'utf8')));
    return to === undefined ? mails : mails.filter((mail) => mail.to.includes(to));
  }
}
