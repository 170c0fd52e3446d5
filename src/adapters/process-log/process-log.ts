/**
 * What the process does, line by line as JSON, for people who run it: a file and, where wanted, stderr. Every line
 * passes the redactor as a whole, so that no field and no message can carry a secret out.
 */
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { type Logger, pino } from 'pino';
import type { Redact } from '../../domain/redaction.ts';
import type { StoredEvent } from '../../events/envelope.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface ProcessLogOptions {
  readonly level: LogLevel;
  readonly redact: Redact;
  /** Appended to; null for none. */
  readonly file: string | null;
  /** Where people watch, a line at a time; null for none. */
  readonly stderr: ((line: string) => void) | null;
  /** A disk that fails ends the file, not the engine; said once. */
  readonly onFailure: (sentence: string) => void;
}

/** Lines that wait for a slow disk are dropped from here on: the log must not grow the process. */
const WAITING_BYTES_MAX = 16 * 1_048_576;

/** What a person must look at, and what is worth a line; everything else is detail. */
const LEVELS: Readonly<Record<string, 'warn' | 'error' | 'info'>> = {
  EngineHalted: 'error',
  TradingStateChanged: 'warn',
  FeedStatusChanged: 'warn',
  FeedLost: 'warn',
  FeedGapDetected: 'warn',
  ReconciliationFailed: 'warn',
  OrderRejected: 'warn',
  OrderOutcomeUnknown: 'warn',
  OrderGivenUp: 'warn',
  StatusUnmapped: 'warn',
  MessageRejected: 'warn',
  OrderDenied: 'info',
  OrderFilled: 'info',
  OrderCanceled: 'info',
  OrderIntended: 'info',
  RegimeChanged: 'info',
  SelectionMade: 'info',
  Reconciled: 'info',
  TradingResumed: 'info',
  SessionStarted: 'info',
  SessionResumed: 'info',
  SessionEnded: 'info',
  OperatorCommanded: 'warn',
  ViewSourceChanged: 'info',
  BackfillEnded: 'info',
};
/** A manifest or a carried state would fill pages. */
const PAYLOAD_MAX = 2_000;

export class ProcessLog {
  readonly #logger: Logger;
  readonly #file: WriteStream | null;
  #dropped = 0;

  constructor({ level, redact, file, stderr, onFailure }: ProcessLogOptions) {
    if (file !== null) mkdirSync(dirname(file), { recursive: true });
    this.#file = file === null ? null : createWriteStream(file, { flags: 'a', mode: 0o600 });
    this.#file?.on('error', (error) => onFailure(`the log file ${file} cannot be written: ${error.message}`));
    const write = (line: string) => {
      const safe = redact(line);
      stderr?.(safe.trimEnd());
      if (this.#file === null || this.#file.errored !== null) return;
      if (this.#file.writableLength > WAITING_BYTES_MAX) this.#dropped += 1;
      else this.#file.write(safe);
    };
    this.#logger = pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        redact: {
          paths: ['*.secret', '*.key', '*.token', '*.headers', '*.authorization'],
          censor: '[redacted]',
        },
      },
      { write },
    );
  }

  debug(what: string, facts: object = {}): void {
    this.#logger.debug(facts, what);
  }

  info(what: string, facts: object = {}): void {
    this.#logger.info(facts, what);
  }

  warn(what: string, facts: object = {}): void {
    this.#logger.warn(facts, what);
  }

  error(what: string, facts: object = {}): void {
    this.#logger.error(facts, what);
  }

  /** An event of the engine as a line. */
  event({ seq, type, source, causation, json, payload }: StoredEvent): void {
    const level = LEVELS[type] ?? 'debug';
    if (!this.#logger.isLevelEnabled(level)) return;
    const shown = json.length <= PAYLOAD_MAX ? payload : `${json.slice(0, PAYLOAD_MAX)}...`;
    this.#logger[level]({ seq, source, causation, payload: shown }, type);
  }

  /** Resolves once every line is with the operating system. */
  async close(): Promise<void> {
    if (this.#dropped > 0) this.warn('lines were dropped: the disk was too slow', { lines: this.#dropped });
    const file = this.#file;
    if (file === null || file.destroyed) return;
    await new Promise<void>((resolve) => file.end(resolve).once('error', () => resolve()));
  }
}
