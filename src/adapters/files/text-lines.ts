/** Reads a text file line by line, plain or gzip, in bounded memory; refuses what is no text in one sentence. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { InputError } from '../../domain/input-error.ts';

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;

export interface TextLine {
  /** From 1, as editors count. */
  readonly line: number;
  readonly text: string;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist: check the path',
  EACCES: 'may not be read by this user: check its permissions',
  EPERM: 'may not be read by this user: check its permissions',
};

function unreadable(file: string, error: unknown): InputError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new InputError(`${file} ${reasons[code] ?? `cannot be read (${(error as Error).message})`}`);
}

function* rawChunks(file: string): Generator<Buffer> {
  let handle: number;
  try {
    if (statSync(file).isDirectory()) throw new InputError(`${file} is a folder: name the CSV file in it`);
    handle = openSync(file, 'r');
  } catch (error) {
    throw error instanceof InputError ? error : unreadable(file, error);
  }
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const size = readSync(handle, chunk, 0, CHUNK_BYTES, null);
      if (size === 0) return;
      yield chunk.subarray(0, size);
    }
  } finally {
    closeSync(handle);
  }
}

const isGzip = (bytes: Buffer): boolean => bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;

function* textChunks(file: string): Generator<Buffer> {
  let first = true;
  for (const chunk of rawChunks(file)) {
    if (first && isGzip(chunk)) {
      yield* gunzipped(file);
      return;
    }
    first = false;
    yield chunk;
  }
}

function* gunzipped(file: string): Generator<Buffer> {
  let all: Buffer;
  try {
    all = gunzipSync(readFileSync(file));
  } catch (error) {
    throw new InputError(`${file} is a damaged gzip file (${(error as Error).message}): fetch it again`);
  }
  for (let at = 0; at < all.length; at += CHUNK_BYTES) yield all.subarray(at, at + CHUNK_BYTES);
}

/** Pieces of the file that end where a line ends. */
function* wholeLines(file: string): Generator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for (const chunk of textChunks(file)) {
    if (chunk.includes(0)) {
      throw new InputError(`${file} is no text file (it holds zero bytes): give a CSV file in UTF-8`);
    }
    const end = chunk.lastIndexOf(NEWLINE);
    if (end < 0) rest = Buffer.concat([rest, chunk]);
    else {
      yield Buffer.concat([rest, chunk.subarray(0, end)]).toString('utf8');
      rest = chunk.subarray(end + 1);
    }
  }
  if (rest.length > 0) yield rest.toString('utf8');
}

/** Every line that is not blank, without its line end. Throws InputError for a file that is missing or no text. */
export function* textLines(file: string): Generator<TextLine> {
  let line = 0;
  for (const piece of wholeLines(file)) {
    const unmarked = line === 0 && piece.startsWith('\ufeff') ? piece.slice(1) : piece;
    for (const raw of unmarked.split('\n')) {
      line += 1;
      const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (text.trim() !== '') yield { line, text };
    }
  }
}

/** sha256 of the file's bytes as they lie on disk, hex. */
export function fileDigest(file: string): string {
  const hash = createHash('sha256');
  for (const chunk of rawChunks(file)) hash.update(chunk);
  return hash.digest('hex');
}
