/** A venue did not do what it was asked; whether asking again can help decides what follows. */
export class VenueError extends Error {
  readonly code:
    | 'unauthorised'
    | 'forbidden'
    | 'notFound'
    | 'invalid'
    | 'rateLimited'
    | 'unavailable'
    | 'unreadable';
  /** The venue's HTTP status, or null where it never answered. */
  readonly status: number | null;

  constructor(code: VenueError['code'], message: string, status: number | null = null) {
    super(message);
    this.code = code;
    this.status = status;
  }

  /** Asking again later may succeed. */
  get transient(): boolean {
    return this.code === 'rateLimited' || this.code === 'unavailable' || this.code === 'unreadable';
  }
}
