import type { SyncResult, TelemetryReceipt } from '@hms/contracts';
import { Counter, Gauge, Histogram, latencyBuckets, type Registry } from '@hms/service-kit';
import type { Failure } from '../database/failure.js';
import type { ShedReason } from '../telemetry/admission.js';
import type { AckCode } from '../telemetry/formats/hl7/ack.js';
import type { DeadLetterOutcome } from '../telemetry/store/dead-letter-box.js';
import type { MqttOutcome } from '../telemetry/mqtt/mqtt-receiver.js';

const rowBuckets = [1, 3, 10, 30, 100, 300, 1_000, 2_000, 4_000, 8_000];
const offsetBuckets = [-3_600_000, -60_000, -30_000, -2_000, 0, 2_000, 10_000, 60_000, 3_600_000];

export interface Backlog {
  readonly queuedRows: () => number;
  readonly bodyBytes: () => number;
}

/** Hospitals with a label of their own; those that come later share one, so that series do not grow with them. */
const hospitalsShown = 100;

/** What the service counts about itself. Labels are codes of ours: nothing a client sends can make a new series. */
export class IngestMetrics {
  readonly #requests: Counter<'route' | 'status'>;
  readonly #rows: Counter<'result'>;
  readonly #hospitalRows: Counter<'hospital' | 'result'>;
  readonly #publishSeconds: Histogram;
  readonly #shed: Counter<'reason'>;
  readonly #failures: Counter<'failure'>;
  readonly #publishLost: Counter;
  readonly #mqttMessages: Counter<'outcome'>;
  readonly #mqttRetries: Counter;
  readonly #hl7Messages: Counter<'ack'>;
  readonly #wrongPatients: Counter;
  readonly #deadLetters: Counter<'outcome'>;
  readonly #syncResults: Counter<'status'>;
  readonly #syncParked: Counter<'code'>;
  readonly #flushRows: Histogram;
  readonly #flushSeconds: Histogram;
  readonly #clockOffset: Histogram;
  readonly #hospitals = new Set<string>();
  readonly #requestChildren = new Map<string, Counter.Internal>();

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
      new Counter({ name, help, labelNames, registers });
    this.#requests = counter('ingest_requests_total', 'Replies', 'route', 'status');
    this.#rows = counter('ingest_rows_total', 'Readings answered', 'result');
    this.#hospitalRows = counter('ingest_hospital_rows_total', 'Readings by hospital', 'hospital', 'result');
    this.#shed = counter('ingest_shed_total', 'Requests turned away before their body was decoded', 'reason');
    this.#failures = counter('ingest_flush_failures_total', 'Transactions that failed', 'failure');
    this.#publishLost = counter('ingest_publish_lost_total', 'Live messages Redis did not take');
    this.#mqttMessages = counter('ingest_mqtt_messages_total', 'Messages of the broker that are settled', 'outcome');
    this.#wrongPatients = counter(
      'ingest_wrong_patient_total',
      'Readings that name another patient than who wore the device',
    );
    this.#deadLetters = counter('ingest_dead_letters_total', 'Refusals that wait for somebody to decide', 'outcome');
    this.#hl7Messages = counter('ingest_hl7_messages_total', 'HL7 messages that were acknowledged', 'ack');
    this.#syncResults = counter('ingest_sync_results_total', 'Changes of devices that were answered', 'status');
    this.#syncParked = counter('ingest_sync_parked_total', 'Changes of devices that were put in quarantine', 'code');
    this.#mqttRetries = counter('ingest_mqtt_retries_total', 'Messages of the broker that could not be stored yet');
    this.#publishSeconds = new Histogram({
      name: 'ingest_publish_lag_seconds',
      help: 'From a commit until Redis took the live message of it',
      buckets: latencyBuckets,
      registers,
    });
    this.#flushRows = new Histogram({
      name: 'ingest_flush_rows',
      help: 'Rows per flush',
      buckets: rowBuckets,
      registers,
    });
    this.#flushSeconds = new Histogram({
      name: 'ingest_flush_seconds',
      help: 'From the first statement of a flush to its commit, recovery included',
      buckets: latencyBuckets,
      registers,
    });
    this.#clockOffset = new Histogram({
      name: 'ingest_clock_offset_ms',
      help: 'How far clocks of gateways are behind',
      buckets: offsetBuckets,
      registers,
    });
  }

  /** Measured when it is asked for. */
  watch(backlog: Backlog): void {
    this.#gauge('ingest_queue_rows', 'Rows waiting for a flush', backlog.queuedRows);
    this.#gauge('ingest_queue_bytes', 'Bytes of bodies being received or stored', backlog.bodyBytes);
  }

  watchPokes(count: () => number): void {
    this.#gauge('ingest_sync_sockets', 'Devices that are told when to sync', count);
  }

  /** @param status seconds */
  watchRelay(status: () => { readonly lag: number; readonly oldestWriter: number }): void {
    this.#gauge('sync_feed_lag_seconds', 'Age of the oldest change devices cannot be told of yet', () => status().lag);
    this.#gauge(
      'sync_oldest_writer_seconds',
      'Age of the oldest transaction whose changes the feed waits for',
      () => status().oldestWriter,
    );
  }

  synced(results: readonly Pick<SyncResult, 'status' | 'code' | 'quarantine'>[]): void {
    for (const { status, code, quarantine } of results) {
      this.#syncResults.inc({ status });
      if (quarantine !== undefined) this.#syncParked.inc({ code: code ?? status });
    }
  }

  watchSockets(count: () => number): void {
    this.#gauge('ingest_sockets', 'WebSockets that are open', count);
  }

  #gauge(name: string, help: string, read: () => number): void {
    const collect = function (this: Gauge): void {
      this.set(read());
    };
    new Gauge({ name, help, registers: [this.registry], collect });
  }

  replied(route: string, status: number): void {
    const key = `${route} ${status}`;
    let child = this.#requestChildren.get(key);
    if (!child) this.#requestChildren.set(key, (child = this.#requests.labels(route, String(status))));
    child.inc();
  }

  answered({ accepted, duplicates, unassigned, rejectedTotal }: TelemetryReceipt): void {
    this.#rows.inc({ result: 'accepted' }, accepted);
    if (duplicates > 0) this.#rows.inc({ result: 'duplicate' }, duplicates);
    if (unassigned > 0) this.#rows.inc({ result: 'unassigned' }, unassigned);
    if (rejectedTotal > 0) this.#rows.inc({ result: 'rejected' }, rejectedTotal);
  }

  /** @param slug of the hospital whose readings were stored or refused */
  ofHospital(slug: string, stored: number, refused: number): void {
    if (this.#hospitals.size < hospitalsShown) this.#hospitals.add(slug);
    const hospital = this.#hospitals.has(slug) ? slug : 'others';
    if (stored > 0) this.#hospitalRows.inc({ hospital, result: 'stored' }, stored);
    if (refused > 0) this.#hospitalRows.inc({ hospital, result: 'refused' }, refused);
  }

  published(seconds: number): void {
    this.#publishSeconds.observe(seconds);
  }

  flushed(rows: number, seconds: number): void {
    this.#flushRows.observe(rows);
    this.#flushSeconds.observe(seconds);
  }

  flushFailed(failure: Failure): void {
    this.#failures.inc({ failure });
  }

  shed(reason: ShedReason): void {
    this.#shed.inc({ reason });
  }

  publishLost(): void {
    this.#publishLost.inc();
  }

  mqttSettled(outcome: MqttOutcome): void {
    this.#mqttMessages.inc({ outcome });
  }

  wrongPatient(readings: number): void {
    this.#wrongPatients.inc(readings);
  }

  deadLetters(outcome: DeadLetterOutcome, letters: number): void {
    this.#deadLetters.inc({ outcome }, letters);
  }

  /** @param code in enhanced mode too the one of the original */
  acknowledged(code: AckCode): void {
    this.#hl7Messages.inc({ ack: code });
  }

  mqttRetried(): void {
    this.#mqttRetries.inc();
  }

  clockOffset(ms: number): void {
    this.#clockOffset.observe(ms);
  }
}
