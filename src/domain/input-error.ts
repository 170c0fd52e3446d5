/**
 * What a person gave us cannot be used: one clear sentence says what, where (file, line, field) and what would be right.
 * Commands end with exit code 2.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
}
