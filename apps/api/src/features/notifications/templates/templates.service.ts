import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import type { HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { isFor } from '../delivery/delivery-text.js';
import { channels, languages, templateCodes } from '../notification.terms.js';
import { allowedVariables } from './builtin-templates.js';
import { builtinText, refusedVariables, type TemplateKey } from './rendering.policy.js';
import type {
  NotificationTemplateDto,
  NotificationTemplatesDto,
  WriteNotificationTemplateDto,
} from './templates.dto.js';
import { TemplatesRepository, type TemplateRow } from './templates.repository.js';

const everyKey: readonly TemplateKey[] = templateCodes.flatMap((code) =>
  languages.flatMap((lang) => channels.map((channel) => ({ code, lang, channel }))),
);

/** The words a hospital speaks with: its own, or else those that are built in. */
@Injectable()
export class TemplatesService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly templates: TemplatesRepository,
  ) {}

  async list({ hospital }: HospitalActor): Promise<NotificationTemplatesDto> {
    const own = await this.database.readInHospital(hospital, (tx) => this.templates.list(tx));
    return { items: everyKey.map((key) => toDto(key, own.find(isFor(key)))) };
  }

  /** @throws `template.outdated`, or `request.invalid` for a variable the text may not name */
  write(actor: HospitalActor, command: WriteNotificationTemplateDto): Promise<NotificationTemplateDto> {
    const { code, lang, channel, basedOn, body } = command;
    const key = { code, lang, channel };
    const text = { subject: channel === 'sms' ? null : (command.subject ?? null), body };
    const refused = refusedVariables(key, text);
    if (refused.length > 0) {
      const known = allowedVariables[code][channel].map((name) => `{{${name}}}`).join(', ');
      const message = `this text may name ${known} and nothing else`;
      throw commonError('request.invalid', { errors: [{ field: 'body', code: 'variables', message }] });
    }
    return this.unitOfWork.inHospital(actor, async (tx) =>
      toDto(key, await this.templates.insert(tx, key, text, { userId: actor.userId, basedOn })),
    );
  }
}

function toDto(key: TemplateKey, row: TemplateRow | undefined): NotificationTemplateDto {
  const { subject, body } = row ?? builtinText(key);
  const { id = null, version = 0, createdAt } = row ?? {};
  const variables = [...allowedVariables[key.code][key.channel]];
  return { ...key, id, version, subject, body, variables, createdAt: createdAt?.toISOString() ?? null };
}
