import { OperatorError } from '@hms/database';
import logUpdate from 'log-update';
import { type WardBoard } from './ward-board.js';
import { wardLine, wardTable } from './ward-table.js';

export interface ScreenState {
  /** Names the ward. */
  readonly title: string;
  readonly board: WardBoard;
  /** For people: live, or why not. */
  readonly connection: () => string;
}

/** Where a ward is shown: a table that stays in place on a terminal, a line for every update elsewhere. */
export interface Screen {
  updated(patientIds: ReadonlySet<string>): void;
  refresh(): void;
  close(): void;
}

const redrawEveryMs = 250;

/** Draws at most four times a second, and once a second so that ages grow. */
export class TerminalScreen implements Screen {
  readonly #timer: NodeJS.Timeout;
  #drawnAt = 0;
  #waiting: NodeJS.Timeout | undefined;

  constructor(private readonly state: ScreenState) {
    this.#timer = setInterval(() => this.refresh(), 1_000);
  }

  updated(): void {
    this.refresh();
  }

  refresh(): void {
    this.#waiting ??= setTimeout(() => this.#draw(), Math.max(0, this.#drawnAt + redrawEveryMs - Date.now()));
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#waiting);
    logUpdate.done();
  }

  #draw(): void {
    this.#waiting = undefined;
    this.#drawnAt = Date.now();
    logUpdate(tableOf(this.state));
  }
}

export class LineScreen implements Screen {
  #connection = '';

  constructor(private readonly state: ScreenState) {}

  updated(patientIds: ReadonlySet<string>): void {
    for (const row of this.state.board.rows()) {
      if (patientIds.has(row.patient.patientId)) process.stdout.write(`${wardLine(row, Date.now())}\n`);
    }
  }

  refresh(): void {
    const connection = this.state.connection();
    if (connection !== this.#connection) process.stderr.write(`${this.state.title} · ${connection}\n`);
    this.#connection = connection;
  }

  close(): void {
    // nothing is held
  }
}

/** Prints the first table there is, once. */
export class OnceScreen implements Screen {
  #printed = false;

  constructor(
    private readonly state: ScreenState,
    private readonly done: () => void,
  ) {}

  updated(patientIds: ReadonlySet<string>): void {
    if (this.#printed || patientIds.size === 0) return;
    this.#printed = true;
    process.stdout.write(`${tableOf(this.state)}\n`);
    this.done();
  }

  refresh(): void {
    // only values are worth printing
  }

  /** @throws OperatorError when no values came */
  close(): void {
    if (!this.#printed) throw new OperatorError(`No vitals from ${this.state.title} (${this.state.connection()}).`);
  }
}

const tableOf = ({ title, board, connection }: ScreenState): string =>
  `${title} · ${connection()}\n${wardTable(board.rows(), Date.now())}`;
