import { Injectable } from '@nestjs/common';
import { constraintOf, schemaSql, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { notificationError } from '../notifications.errors.js';
import type { TemplateText } from './builtin-templates.js';
import type { TemplateKey } from './rendering.policy.js';

export interface TemplateRow extends TemplateKey, TemplateText {
  readonly id: string;
  readonly version: number;
  readonly createdBy: string;
  readonly createdAt: Date;
}

@Injectable()
export class TemplatesRepository {
  /** The newest version of each the hospital wrote. */
  list(tx: TenantTx): Promise<TemplateRow[]> {
    return tx.$queryRaw<TemplateRow[]>`
      select distinct on (code, lang, channel) id, code, lang, channel, version, subject, body,
             created_by as "createdBy", created_at as "createdAt"
        from ${schemaSql(tx.hospital)}.notification_template
       order by code, lang, channel, version desc`;
  }

  /** @throws `template.outdated` when `basedOn` is not the newest version */
  async insert(
    tx: TenantTx,
    key: TemplateKey,
    text: TemplateText,
    by: { readonly userId: string; readonly basedOn: number },
  ): Promise<TemplateRow> {
    const { code, lang, channel } = key;
    const newest = await tx.notificationTemplate.aggregate({
      where: { code, lang, channel },
      _max: { version: true },
    });
    if ((newest._max.version ?? 0) !== by.basedOn) throw notificationError('template.outdated');
    const data = { id: uuidv7(), code, lang, channel, ...text, version: by.basedOn + 1, createdBy: by.userId };
    const row = await tx.notificationTemplate.create({ data }).catch((err: unknown) => {
      // Two were based on the same one.
      if (constraintOf(err) === 'notification_template_code_lang_channel_version_key') {
        throw notificationError('template.outdated', { cause: err });
      }
      throw err;
    });
    return { ...row, ...key };
  }
}
