/** The stream of `trade_updates`: JSON in binary frames, as the paper venue sends it. It has no memory: what is missed is missed. */
import type { HostClock } from '../../bus/ports.ts';
import type { StreamGuard } from './data-stream.ts';
import type { FaultSchedule } from './faults.ts';
import type { StreamSocket } from './stream-socket.ts';

interface Client {
  readonly socket: StreamSocket;
  authenticated: boolean;
  listens: boolean;
}

/** A message whose turn was taken by the next one follows after this at the latest. */
const REORDER_MS = 500;

export class OrderStream {
  readonly #clock: HostClock;
  readonly #guard: StreamGuard;
  readonly #faults: FaultSchedule;
  readonly #authMs: number;
  #clients: Client[] = [];
  #held: Readonly<Record<string, unknown>> | null = null;
  frozen = false;

  constructor(clock: HostClock, guard: StreamGuard, faults: FaultSchedule, authMs: number) {
    this.#clock = clock;
    this.#guard = guard;
    this.#faults = faults;
    this.#authMs = authMs;
  }

  get sockets(): readonly StreamSocket[] {
    return this.#clients.map(({ socket }) => socket);
  }

  accept(socket: StreamSocket): void {
    const client: Client = { socket, authenticated: false, listens: false };
    this.#clients.push(client);
    const disarm = this.#clock.after(this.#authMs, () => {
      if (!client.authenticated) socket.close();
    });
    socket.onClose(() => {
      disarm();
      this.#clients = this.#clients.filter((each) => each !== client);
    });
    socket.onMessage((data) => this.#hear(client, data));
  }

  /** One update to everyone who listens, unless a fault has it otherwise. */
  update(data: Readonly<Record<string, unknown>>): void {
    const fault = this.#faults.update();
    if (fault?.kind === 'missUpdate') return;
    if (fault?.kind === 'reorderUpdate' && this.#held === null) {
      this.#held = data;
      this.#clock.after(REORDER_MS, () => this.#release());
      return;
    }
    this.#broadcast(data);
    if (fault?.kind === 'duplicateUpdate') this.#broadcast(data);
    this.#release();
  }

  garbage(): void {
    for (const { socket } of this.#clients) socket.send(Buffer.from('{"stream":"trade_up'), true);
  }

  #release(): void {
    const held = this.#held;
    this.#held = null;
    if (held !== null) this.#broadcast(held);
  }

  #broadcast(data: Readonly<Record<string, unknown>>): void {
    if (this.frozen) return;
    for (const client of this.#clients) if (client.listens) send(client, 'trade_updates', data);
  }

  #hear(client: Client, raw: Buffer): void {
    const message = readMessage(raw);
    const data = (message?.data ?? {}) as Record<string, unknown>;
    switch (message?.action) {
      case 'authenticate':
      case 'auth':
        return this.#authenticate(client, data.key_id ?? message.key, data.secret_key ?? message.secret);
      case 'listen': {
        const streams = Array.isArray(data.streams) ? data.streams : [];
        if (!client.authenticated) return send(client, 'authorization', unauthorized);
        client.listens = streams.includes('trade_updates');
        return send(client, 'listening', { streams: streams.filter((each) => each === 'trade_updates') });
      }
      default:
        client.socket.send(
          Buffer.from(JSON.stringify({ action: 'error', data: { error_message: 'invalid message' } })),
          true,
        );
    }
  }

  #authenticate(client: Client, key: unknown, secret: unknown): void {
    // The vendor documents no word for one connection too many here; that keys are wrong it would not say.
    if (this.#guard.isTaken()) return client.socket.close();
    if (!this.#guard.mayEnter(key, secret)) {
      send(client, 'authorization', unauthorized);
      client.socket.close();
      return;
    }
    client.authenticated = true;
    send(client, 'authorization', { action: 'authenticate', status: 'authorized' });
  }
}

const unauthorized = { action: 'authenticate', status: 'unauthorized' };

const send = ({ socket }: Client, stream: string, data: Readonly<Record<string, unknown>>): void =>
  socket.send(Buffer.from(JSON.stringify({ stream, data })), true);

function readMessage(raw: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const message: unknown = JSON.parse(raw.toString('utf8'));
    return typeof message === 'object' && message !== null ? (message as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
