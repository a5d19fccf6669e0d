import { Inject, Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { Counter, Gauge, type Logger, type Registry } from '@hms/service-kit';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { metricsRegistry, rootLogger } from '../../../platform/observability/observability.tokens.js';
import { AgendaRepository, type AgendaItem } from './agenda.repository.js';
import { AlarmMails } from './alarm-mails.service.js';
import { AlarmTelling } from './alarm-telling.service.js';

const batch = 200;
const atATime = 4;
/** What failed, or what another worker is at, is left alone for this long: it must not keep others from being done. */
const restMs = 10_000;

/** Does what the agenda says is due. It asks PostgreSQL and nobody else: a Redis that is away delays no alarm. */
@Injectable()
export class AlarmSweep {
  readonly #restingUntil = new Map<string, number>();
  readonly #done: Counter<'kind' | 'outcome'>;
  readonly #lag: Gauge;

  constructor(
    private readonly agenda: AgendaRepository,
    private readonly database: HospitalDatabase,
    private readonly telling: AlarmTelling,
    private readonly mails: AlarmMails,
    private readonly outbox: Outbox,
    @Inject(rootLogger) private readonly logger: Logger,
    @Inject(metricsRegistry) registry: Registry,
  ) {
    const registers = [registry];
    this.#done = new Counter({
      name: 'alarm_agenda_total',
      help: 'Alarms that were due to be told, and mails about them',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    this.#lag = new Gauge({
      name: 'alarm_agenda_lag_seconds',
      help: 'How long the alarm that waits longest has been due to be told',
      registers,
    });
  }

  /** One round: everything that is due when it begins, and what becomes due by it. */
  async run(): Promise<void> {
    for (let items = await this.#due(); items.length > 0; items = await this.#due()) {
      const queue = items.values();
      await Promise.all(Array.from({ length: atATime }, () => this.#work(queue)));
      this.outbox.wakeRelay();
    }
  }

  async #due(): Promise<AgendaItem[]> {
    const now = Date.now();
    for (const [id, until] of this.#restingUntil) if (until <= now) this.#restingUntil.delete(id);
    const items = await this.agenda.due([...this.#restingUntil.keys()], batch);
    const [longest] = items;
    this.#lag.set(longest ? Math.max(0, now - longest.dueAt.getTime()) / 1_000 : 0);
    return items;
  }

  async #work(queue: IterableIterator<AgendaItem>): Promise<void> {
    for (const item of queue) {
      const { kind, hospital, id } = item;
      const outcome = await this.#do(item).catch((err: unknown) => {
        this.logger.error({ err, hospitalId: hospital.id, itemId: id }, `${kind} of an alarm failed`);
        return 'failed' as const;
      });
      this.#done.inc({ kind, outcome });
      if (outcome !== 'done') this.#restingUntil.set(id, Date.now() + restMs);
    }
  }

  async #do({ kind, hospital, id }: AgendaItem): Promise<'done' | 'left'> {
    const done =
      kind === 'mail'
        ? await this.mails.send(hospital, id)
        : await this.database.inHospital(hospital, (tx) => this.telling.advance(tx, id));
    return done ? 'done' : 'left';
  }
}
