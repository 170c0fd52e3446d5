/** What goes between the follower's client and its thread: questions with a number, answers to them, and news unasked. */
import { InputError } from '../src/domain/input-error.ts';
import { LogError, type LogErrorCode } from '../src/log/log-error.ts';
import type {
  CurveQuery,
  EquityCurve,
  EventDetail,
  EventPage,
  EventQuery,
  FillPoint,
  SeriesQuery,
  SpanQuery,
  SymbolSeries,
} from './log-view.ts';
import type { EngineMoment, LogHeadNow, MomentOf } from './moment.ts';

/** Every question: what it is asked with, and what is answered. */
export interface Questions {
  head: [undefined, LogHeadNow];
  moment: [MomentOf, EngineMoment];
  events: [EventQuery, EventPage];
  event: [number, EventDetail];
  series: [SeriesQuery, SymbolSeries];
  equity: [CurveQuery, EquityCurve];
  fills: [SpanQuery, readonly FillPoint[]];
  /** The log to follow from now on: its session's head once it is read. */
  follow: [string, LogHeadNow];
  /** Milliseconds between two moments at least; null: no more of them. */
  watch: [number | null, null];
}
export type QuestionName = keyof Questions;

export interface Question<N extends QuestionName = QuestionName> {
  readonly id: number;
  readonly ask: N;
  readonly with: Questions[N][0];
}

export type Failed =
  | { readonly kind: 'input' | 'defect'; readonly message: string }
  | {
      readonly kind: 'log';
      readonly code: LogErrorCode;
      readonly where: string;
      readonly message: string;
    };

export type Answer =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failed: Failed };

export type News =
  | { readonly news: 'head'; readonly head: LogHeadNow }
  | { readonly news: 'moment'; readonly moment: EngineMoment }
  /** How far the first reading of a log has come. */
  | { readonly news: 'progress'; readonly seq: number; readonly of: number }
  /** The session has ended and the next one of its chain has a log. */
  | { readonly news: 'next'; readonly path: string }
  /** The log cannot be followed any further. */
  | { readonly news: 'failed'; readonly failed: Failed };

export function failedOf(error: unknown): Failed {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof LogError) return { kind: 'log', code: error.code, where: error.where, message };
  return { kind: error instanceof InputError ? 'input' : 'defect', message };
}

/** As it was thrown on the other side. */
export function errorOf(failed: Failed): Error {
  if (failed.kind === 'log') {
    const { code, where, message } = failed;
    return new LogError(code, where, message.slice(where.length + 1));
  }
  return failed.kind === 'input' ? new InputError(failed.message) : new Error(failed.message);
}
