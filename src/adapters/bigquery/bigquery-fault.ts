/**
 * What can go wrong with BigQuery, by kind: who mends it differs. What Google answered is quoted; what a library says of a
 * key file is not, since that may hold a piece of the key.
 */

import type { PayloadOf } from '../../events/define-event.ts';
import type { CloudStatusChanged } from '../../events/intel.events.ts';

export type FaultCode = Exclude<PayloadOf<typeof CloudStatusChanged>['code'], ''>;

export class BigQueryFault extends Error {
  readonly code: FaultCode;
  /** HTTP status; null where nobody answered. */
  readonly status: number | null;
  /** What is wrong with each row or job, by Google's word. */
  readonly reasons: readonly string[];

  constructor(
    code: FaultCode,
    message: string,
    status: number | null = null,
    reasons: readonly string[] = [],
  ) {
    super(message);
    this.name = 'BigQueryFault';
    this.code = code;
    this.status = status;
    this.reasons = reasons;
  }

  /** Asking the same again later may succeed. */
  get transient(): boolean {
    return (
      this.code === 'unavailable' ||
      this.code === 'timeout' ||
      this.status === 429 ||
      this.reasons.some((reason) => RATES.has(reason))
    );
  }
}

const QUOTED_MAX = 240;
const CREDENTIALS =
  "Google's credentials are missing or cannot be used: set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account, or run gcloud auth application-default login";

const RATES = new Set(['rateLimitExceeded', 'userRateLimitExceeded']);
const OF_QUOTA = new Set([
  ...RATES,
  'quotaExceeded',
  'bytesBilledLimitExceeded',
  'billingTierLimitExceeded',
  'billingNotEnabled',
  'blocked',
]);
const OF_TIME = new Set(['stopped', 'timeout', 'jobTimeout']);
const OF_SERVER = new Set([
  'backendError',
  'internalError',
  'jobBackendError',
  'jobInternalError',
  'tableUnavailable',
]);

/** How GoogleSQL says that a column is not there, or of another type than what is done with it. */
const DRIFT =
  /unrecognized name|no matching signature|not found inside|name \S+ not found|invalid cast|bad \w+ value|cannot coerce|field \S+ (does not exist|not found)/i;
const BYTES_LIMIT = /exceeded limit for bytes billed/i;

interface ApiError {
  readonly code?: number | string;
  readonly status?: number;
  readonly type?: string;
  readonly message?: string;
  readonly config?: unknown;
  readonly syscall?: string;
  readonly errors?: readonly { readonly reason?: string; readonly message?: string }[];
}

/** Whatever was thrown on the way to BigQuery and back. `sent`: a request had left. */
export function faultOf(error: unknown, sent = false): BigQueryFault {
  if (error instanceof BigQueryFault) return error;
  const { code, message = '', type, config, syscall, status, errors = [] } = error as ApiError;
  // The token's server answers through a library of its own.
  if (config !== undefined) {
    return typeof status === 'number' && status < 500
      ? new BigQueryFault('auth', CREDENTIALS, status)
      : new BigQueryFault('unavailable', "Google's token server cannot be reached");
  }
  if (/did not complete before/.test(message))
    return new BigQueryFault('timeout', 'BigQuery did not finish the query in time');
  if (typeof code === 'number') return answered(code, errors, message);
  if (typeof code === 'string' && type === undefined && (syscall === 'open' || syscall === 'lstat'))
    return new BigQueryFault('auth', CREDENTIALS);
  if (typeof code === 'string' && code.length > 1)
    return new BigQueryFault('unavailable', `BigQuery cannot be reached (${code})`);
  if (type !== undefined)
    return new BigQueryFault('unavailable', `BigQuery's answer cannot be read (${type})`);
  if (error instanceof SyntaxError && sent)
    return new BigQueryFault('unavailable', "BigQuery's answer cannot be read: it is no JSON");
  if (error instanceof TypeError || /BigInt/.test(message))
    return new BigQueryFault('schema', "BigQuery's answer has another form than its documentation says");
  return new BigQueryFault('auth', CREDENTIALS);
}

/** An error that Google answered with, or that a job ended with. */
export function answered(
  status: number,
  errors: NonNullable<ApiError['errors']>,
  message: string,
): BigQueryFault {
  const reasons = errors.flatMap(({ reason }) => reason ?? []);
  const said = quoted(errors[0]?.message ?? message);
  const sentence = `BigQuery answered ${status}${reasons.length > 0 ? ` ${reasons[0]}` : ''}${said === '' ? '' : `: ${said}`}`;
  return new BigQueryFault(kindOf(status, reasons, said), sentence, status, reasons);
}

function kindOf(status: number, reasons: readonly string[], said: string): FaultCode {
  const is = (set: ReadonlySet<string>) => reasons.some((reason) => set.has(reason));
  if (is(OF_QUOTA) || status === 429 || BYTES_LIMIT.test(said)) return 'quota';
  if (is(OF_TIME) || status === 408) return 'timeout';
  if (is(OF_SERVER) || status >= 500) return 'unavailable';
  if (status === 401 || status === 403) return 'auth';
  return DRIFT.test(said) ? 'schema' : 'query';
}

/** One line of somebody else's text. */
export const quoted = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= QUOTED_MAX ? line : `${line.slice(0, QUOTED_MAX - 1)}…`;
};
