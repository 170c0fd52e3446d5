/** What a person may tell the engine: halt it, let it only reduce, let it trade again. Each is asked for twice. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Command, server } from '../server.ts';
import type { PageState } from '../store.ts';

interface Order {
  readonly command: Command;
  readonly button: string;
  readonly title: string;
  readonly says: string;
  /** What has to be typed before it is sent; null where a second press is enough. */
  readonly typed: string | null;
  readonly mood: string;
}

const orders: readonly Order[] = [
  {
    command: 'halt',
    button: 'Halt',
    title: 'Halt the engine',
    says: 'Every working order is taken back and no new one leaves until it is reset. Positions stay as they are.',
    typed: 'HALT',
    mood: 'danger',
  },
  {
    command: 'reduceOnly',
    button: 'Reduce only',
    title: 'Reduce only',
    says: 'Exits and hedges go on, nothing is opened or added to until it is reset.',
    typed: null,
    mood: '',
  },
  {
    command: 'reset',
    button: 'Reset',
    title: 'Let it trade again',
    says: 'Takes back a halt or a reduce-only of an operator, and of a daily loss.',
    typed: null,
    mood: '',
  },
];

export function Commands({ page }: { readonly page: PageState }) {
  const [open, setOpen] = useState<Order | null>(null);
  const { session } = page;
  if (session === null || !session.live) return null;
  if (!session.mayAct) return <ReadOnly hadToken={page.token !== null} />;
  return (
    <>
      {orders.map((order) => (
        <button type="button" key={order.command} class={order.mood} onClick={() => setOpen(order)}>
          {order.button}
        </button>
      ))}
      {open === null ? null : <Confirm order={open} token={page.token} onClose={() => setOpen(null)} />}
    </>
  );
}

function ReadOnly({ hadToken }: { readonly hadToken: boolean }) {
  return (
    <details class="read-only">
      <summary>Read only</summary>
      <p>
        {hadToken
          ? 'The engine was started anew: its commands want the address that it printed this time.'
          : 'Commands want the address that the engine printed when it started: it ends with #token=… and stays on this computer.'}{' '}
        <code>quantos kill</code> halts it, too.
      </p>
    </details>
  );
}

interface ConfirmProps {
  readonly order: Order;
  readonly token: string | null;
  readonly symbol?: string;
  readonly onClose: () => void;
}

export function Confirm({ order, token, symbol, onClose }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [answer, setAnswer] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const ready = (order.typed === null || text.trim().toUpperCase() === order.typed) && !sending;
  const send = async (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    setSending(true);
    try {
      await server.command(token, order.command, symbol);
      onClose();
    } catch (error) {
      setAnswer(error instanceof Error ? error.message : String(error));
      setSending(false);
    }
  };
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={onClose}>
      <form onSubmit={send}>
        <h2 id="confirm-title">{order.title}</h2>
        <p>{order.says}</p>
        {order.typed === null ? null : (
          <label>
            Type {order.typed} to confirm
            <input
              value={text}
              autocomplete="off"
              spellcheck={false}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
          </label>
        )}
        {answer === null ? null : (
          <p class="trouble" role="alert">
            {answer}
          </p>
        )}
        <div class="choices">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={`sure ${order.mood}`} disabled={!ready}>
            {order.title}
          </button>
        </div>
      </form>
    </dialog>
  );
}

export const flattenOrder = (symbol: string): Order => ({
  command: 'flatten',
  button: 'Flatten',
  title: `Flatten ${symbol}`,
  says: `The engine sells what its plans hold of ${symbol}, or buys back what they are short of. Core holdings stay.`,
  typed: null,
  mood: '',
});
