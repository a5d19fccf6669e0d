import { Injectable } from '@nestjs/common';
import { alarmChannels, alarmPriorities, alarmRoles, type AlarmPriority } from '@hms/contracts';
import { schemaSql, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { LeveledStep, Step } from './escalation.policy.js';

/** The steps of one priority, of a ward or of the hospital. */
export interface Policy {
  readonly priority: AlarmPriority;
  readonly wardId: string | null;
  readonly steps: readonly LeveledStep[];
}

@Injectable()
export class EscalationRepository {
  /** By priority: those of the ward, or else of the hospital. */
  async effective(tx: TenantTx, wardId: string | null): Promise<Policy[]> {
    const rows = await tx.alarmEscalationStep.findMany({
      where: { OR: [{ wardId: null }, ...(wardId === null ? [] : [{ wardId }])] },
      orderBy: { level: 'asc' },
    });
    return alarmPriorities.flatMap((priority) => {
      const all = rows.filter((row) => row.priority === priority);
      const own = all.some((row) => row.wardId !== null);
      const steps = all
        .filter((row) => (row.wardId !== null) === own)
        .map(({ level, afterSeconds, roles, channels }) => ({
          level,
          afterSeconds,
          roles: alarmRoles.filter((role) => roles.includes(role)),
          channels: alarmChannels.filter((channel) => channels.includes(channel)),
        }));
      return steps.length > 0 ? [{ priority, wardId: own ? wardId : null, steps }] : [];
    });
  }

  /** Whoever comes second waits for the first at level 0, which every policy has. */
  async replace(
    tx: TenantTx,
    { wardId, priority }: Pick<Policy, 'wardId' | 'priority'>,
    steps: readonly Step[],
  ): Promise<void> {
    const schema = schemaSql(tx.hospital);
    for (const [level, { afterSeconds, roles, channels }] of steps.entries()) {
      await tx.$executeRaw`
        insert into ${schema}.alarm_escalation_step (id, ward_id, priority, level, after_seconds, roles, channels)
        values (${uuidv7()}::uuid, ${wardId}::uuid, ${priority}, ${level}::smallint, ${afterSeconds}::int,
                ${[...roles]}::text[], ${[...channels]}::text[])
        on conflict (ward_id, priority, level) do update
          set after_seconds = excluded.after_seconds, roles = excluded.roles, channels = excluded.channels`;
    }
    await tx.alarmEscalationStep.deleteMany({ where: { wardId, priority, level: { gte: steps.length } } });
  }

  async remove(tx: TenantTx, wardId: string, priority: AlarmPriority): Promise<void> {
    await tx.alarmEscalationStep.deleteMany({ where: { wardId, priority } });
  }
}
