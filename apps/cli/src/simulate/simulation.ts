import { setTimeout as delay } from 'node:timers/promises';
import { OperatorError } from '@hms/database';
import { type DemoFile, type DemoHospital } from '../demo/demo-file.js';
import { FaultInjector, type Faults } from './faults.js';
import { Gateway, type Bedside, type Clock } from './gateway.js';
import { SimulatedPatient } from './physiology.js';
import { profileOf } from './profile.js';
import { Random } from './random.js';
import { Sender } from './sender.js';
import { type Tally } from './tally.js';
import { TelemetryClient } from '../telemetry/telemetry-client.js';

export interface SimulationOptions {
  readonly baseUrl: string;
  readonly hospitals: readonly DemoHospital[];
  /** Milliseconds between two readings of one device. */
  readonly intervalMs: number;
  readonly seed: string;
  /** Readings in all; Infinity for no limit. */
  readonly count: number;
  readonly faults: Faults;
  readonly tally: Tally;
  readonly complain: (message: string) => void;
}

/** One hospital's gateway; a hospital that wants nothing of it stops it without stopping the others. */
interface StoppableGateway {
  readonly gateway: Gateway;
  readonly stop: AbortSignal;
}

/** How long delivery goes on after the end before the rest counts as lost. */
const graceMs = 10_000;

const realClock: Clock = {
  now: () => Date.now(),
  until: (at, signal) => waitFor(at - Date.now(), signal),
};

/** The gateways of some hospitals, each with its monitors, sending to one platform. */
export class Simulation {
  readonly #gateways: readonly StoppableGateway[];
  readonly #clients: TelemetryClient[] = [];
  readonly #stop = new AbortController();
  readonly #giveUp = new AbortController();

  constructor(private readonly options: SimulationOptions) {
    const budget = { left: options.count };
    const startedAt = Date.now();
    this.#gateways = options.hospitals.map((hospital) => this.#gateway(hospital, startedAt, budget));
  }

  /** How long the oldest undelivered reading has been due, milliseconds. */
  behind(): number {
    return Math.max(...this.#gateways.map(({ gateway }) => gateway.behind(Date.now())));
  }

  /** Stops taking readings; what was due is still delivered, for ten seconds at most. */
  stop(): void {
    this.#stop.abort();
  }

  /** Resolves when everything is delivered or given up. */
  async run(): Promise<void> {
    const giveUpLater = (): void => void waitFor(graceMs, this.#giveUp.signal).then(() => this.#giveUp.abort());
    this.#stop.signal.addEventListener('abort', giveUpLater);
    await Promise.all(this.#gateways.map(({ gateway, stop }) => gateway.run(stop)));
    this.#giveUp.abort();
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  #gateway(hospital: DemoHospital, startedAt: number, budget: { left: number }): StoppableGateway {
    const { baseUrl, faults, intervalMs, seed, tally } = this.options;
    const bedsides = bedsidesOf(hospital, seed, startedAt);
    const refused = new AbortController();
    const client = new TelemetryClient(baseUrl, hospital.gatewayKey, 4);
    this.#clients.push(client);
    const sender = new Sender({
      post: (batch) => client.post(batch, this.#giveUp.signal),
      wait: (ms) => waitFor(ms, this.#giveUp.signal),
      now: () => performance.now(),
      random: new Random(`${seed}:${hospital.slug}:sender`),
      tally,
      complain: (message) => this.options.complain(`${hospital.slug}: ${message}`),
      keyRefused: () => refused.abort(),
      giveUp: this.#giveUp.signal,
    });
    const gateway = new Gateway({
      bedsides,
      schedule: { deviceCount: bedsides.length, intervalMs, startedAt },
      faults: new FaultInjector(faults, new Random(`${seed}:${hospital.slug}:faults`)),
      skewMs: faults.skew * 1_000,
      sender,
      tally,
      clock: realClock,
      budget,
      giveUp: this.#giveUp.signal,
    });
    return { gateway, stop: AbortSignal.any([this.#stop.signal, refused.signal]) };
  }
}

/** The first `patients` monitored patients of the hospitals asked for, or all. */
export function chooseHospitals(demo: DemoFile, slug: string | undefined, patients: number): DemoHospital[] {
  const chosen = demo.hospitals.filter((hospital) => slug === undefined || hospital.slug === slug);
  if (chosen.length === 0) {
    throw new OperatorError(
      `no hospital is called "${slug ?? ''}"; there are ${demo.hospitals.map((h) => h.slug).join(', ')}`,
    );
  }
  let left = patients;
  return chosen.flatMap((hospital) => {
    const devices = hospital.devices.slice(0, left);
    left -= devices.length;
    return devices.length > 0 ? [{ ...hospital, devices }] : [];
  });
}

function bedsidesOf(hospital: DemoHospital, seed: string, now: number): Bedside[] {
  const births = new Map(hospital.patients.map((patient) => [patient.id, patient.birthDate]));
  return hospital.devices.map(({ id, patientId }, index) => {
    const profile = profileOf({ index, birthDate: births.get(patientId) ?? null, timezone: hospital.timezone }, now);
    return { device: id, patient: new SimulatedPatient(profile, `${seed}:${patientId}`) };
  });
}

/** Resolves after so many milliseconds or when the signal fires, never rejects. */
async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}
