/** One websocket of a client: what it was sent, and the ways in which it can go bad. */
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';

export interface FrameCount {
  framesSent: number;
  framesReceived: number;
}

export class StreamSocket {
  readonly #ws: WebSocket;
  readonly #wire: Duplex;
  readonly #totals: FrameCount;
  readonly path: string;
  framesSent = 0;
  #silent = false;

  constructor(ws: WebSocket, wire: Duplex, path: string, totals: FrameCount) {
    this.#ws = ws;
    this.#wire = wire;
    this.path = path;
    this.#totals = totals;
    // A client that goes away in the middle of a frame is no concern of ours.
    ws.on('error', () => ws.terminate());
  }

  onMessage(hear: (data: Buffer, binary: boolean) => void): void {
    this.#ws.on('message', (data: RawData, binary) => {
      this.#totals.framesReceived += 1;
      if (!this.#silent) hear(data as Buffer, binary);
    });
  }

  onClose(hear: () => void): void {
    this.#ws.on('close', hear);
  }

  send(data: string | Uint8Array, binary: boolean): void {
    if (this.#silent || this.#ws.readyState !== this.#ws.OPEN) return;
    this.framesSent += 1;
    this.#totals.framesSent += 1;
    this.#ws.send(data, { binary });
  }

  close(code = 1000): void {
    this.#ws.close(code);
  }

  /** The connection is gone without a word. */
  terminate(): void {
    this.#ws.terminate();
  }

  /** Stays open, hears nothing and says nothing, not even a pong. */
  goSilent(): void {
    this.#silent = true;
    this.#ws.pause();
  }

  /** A binary frame of 300 bytes is announced, and the connection ends after ten of them. */
  cutFrame(): void {
    this.#wire.write(
      Uint8Array.of(0x82, 126, 1, 44, 0x91, 0x83, 0xa1, 0x54, 0xa1, 0x71, 0xa1, 0x53, 0xa3, 0x53),
    );
    this.#wire.end(() => this.#wire.destroy());
  }
}
