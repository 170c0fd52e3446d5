/** What is recorded of a message that could not be used: enough to recognise it, however large or broken it is. */

const LENGTH_MAX = 200;

/** Well-formed text of at most 200 characters; never throws. */
export function excerptOf(message: unknown): string {
  return cut(textOf(message));
}

/** A vendor's value within a sentence of ours. */
export const quoted = (value: unknown): string => cut(textOf(value), 60);

function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  if (message instanceof Uint8Array) {
    const head = Buffer.from(message.subarray(0, LENGTH_MAX));
    const text = head.toString('utf8');
    return /^[\x20-\x7e\s]*$/.test(text) ? text : head.toString('hex');
  }
  try {
    return (
      JSON.stringify(message, (_, value) => (typeof value === 'bigint' ? `${value}` : value)) ?? 'nothing'
    );
  } catch {
    return `a ${typeof message} that cannot be written down`;
  }
}

const cut = (text: string, length = LENGTH_MAX): string => text.slice(0, length).toWellFormed();
