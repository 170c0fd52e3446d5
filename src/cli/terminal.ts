/** Where a command prints, so that tests run commands inside their own process. */

export interface Terminal {
  /** Results: one line or more, without the last newline. */
  out(text: string): void;
  /** Everything that is not the result: notes, progress, errors. */
  err(text: string): void;
  /** True where a person watches `err`. */
  readonly watched: boolean;
  /** How the user called us: printed in front of the commands we propose. */
  readonly program: string;
  /** What the process ends with: 0 unless a command says otherwise. */
  exitCode: number;
}

/** Options every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export const printJson = (terminal: Terminal, value: unknown): void =>
  terminal.out(JSON.stringify(value, null, 2));

/** A remark for people: on `err`, and not where they asked for silence or for JSON. */
export function remark(terminal: Terminal, { json, quiet }: CommonOptions, text: string): void {
  if (!json && !quiet) terminal.err(text);
}
