/** The account as the core knows it: the exact ledger, moved by the venue's reports alone, and its value at the market's last prices. */
import type { Kernel } from '../../bus/kernel.ts';
import { MICROS_PER_DOLLAR, notionalMicros } from '../../domain/money.ts';
import { renamedBySplit } from '../../domain/options/adjustment.ts';
import type { OptionContract } from '../../domain/options/contract.ts';
import {
  Ledger,
  type LedgerJson,
  type MarkOf,
  type Position,
  type PositionRole,
} from '../../domain/portfolio.ts';
import { CashAligned, CashMoved, HoldingAdopted, SymbolChanged } from '../../events/account.events.ts';
import { CoreDeclared } from '../../events/engine.events.ts';
import { OptionSettled, SplitApplied } from '../../events/option.events.ts';
import { OrderFilled, TradeBusted, TradeCorrected } from '../../events/order.events.ts';
import type { OrderBook } from '../orders/order-book.ts';

const ACTOR = 'portfolio';

export class Portfolio {
  #ledger: Ledger;
  readonly #markOf: MarkOf;

  constructor(
    kernel: Kernel,
    cashMicros: number,
    orders: OrderBook,
    markOf: MarkOf,
    multiplierOf: (symbol: string) => number,
    contractOf: (symbol: string) => OptionContract | undefined,
  ) {
    this.#ledger = new Ledger(cashMicros);
    this.#markOf = markOf;
    kernel.on(OrderFilled, ACTOR, ({ payload }) => {
      const { executionId, symbol, side, lastQty, lastPx, feeMicros } = payload;
      const role = orders.get(payload.ordinal)?.intended.role ?? 'tactical';
      this.#ledger.fill({
        executionId,
        symbol,
        side,
        role,
        quantity: lastQty,
        px: lastPx,
        feeMicros,
        multiplier: multiplierOf(symbol),
      });
    });
    kernel.on(TradeBusted, ACTOR, ({ payload }) => void this.#ledger.bust(payload.executionId));
    kernel.on(TradeCorrected, ACTOR, ({ payload }) => void this.#ledger.correct(payload));
    kernel.on(CoreDeclared, ACTOR, ({ payload }) =>
      this.#ledger.declareCore({ ...payload, multiplier: multiplierOf(payload.symbol) }),
    );
    kernel.on(HoldingAdopted, ACTOR, ({ payload }) =>
      this.#ledger.declareCore({ ...payload, multiplier: multiplierOf(payload.symbol) }),
    );
    kernel.on(CashMoved, ACTOR, ({ payload: { activityId, kind, micros } }) =>
      this.#ledger.receive({ id: activityId, isTransfer: kind === 'transfer', micros }),
    );
    kernel.on(CashAligned, ACTOR, ({ payload }) =>
      this.#ledger.receive({ id: null, isTransfer: true, micros: payload.deltaMicros }),
    );
    kernel.on(SymbolChanged, ACTOR, ({ payload: { from, to } }) => this.#ledger.rename(from, to));
    kernel.on(OptionSettled, ACTOR, ({ payload }) => {
      const [multiplier, underlyingMultiplier] = [payload.symbol, payload.underlying].map(multiplierOf);
      this.#ledger.settle({ ...payload, multiplier, underlyingMultiplier });
    });
    kernel.on(SplitApplied, ACTOR, ({ payload }) =>
      this.#ledger.split({ ...payload, renamed: renamedBySplit(payload, contractOf) }),
    );
    kernel.carry(ACTOR, {
      save: () => this.#ledger.toJSON(),
      restore: (state) => {
        this.#ledger = Ledger.fromJSON(state as LedgerJson);
      },
    });
  }

  get cashMicros(): number {
    return this.#ledger.cashMicros;
  }

  /** Paid in or out since the ledger began: what equity holds of it is no profit. */
  get transferredMicros(): number {
    return this.#ledger.transferredMicros;
  }

  positions(): readonly Position[] {
    return this.#ledger.positions();
  }

  /** Units held, negative when short; 0 when flat. */
  quantity(symbol: string, role: PositionRole = 'tactical'): number {
    return this.#ledger.position(symbol, role)?.quantity ?? 0;
  }

  avgPx(symbol: string, role: PositionRole = 'tactical'): number {
    const position = this.#ledger.position(symbol, role);
    return position === undefined
      ? 0
      : position.costMicros / (position.quantity * position.multiplier * MICROS_PER_DOLLAR);
  }

  /** Micro-dollars that closing a position at the last price would realise; 0 where there is no price. */
  unrealizedMicros(position: Position): number {
    const px = this.#markOf(position.symbol);
    if (px === undefined) return 0;
    return notionalMicros(position.quantity, px, position.multiplier) - position.costMicros;
  }

  /** Micro-dollars at the last prices; a position without a price counts at cost. */
  equityMicros(): number {
    return this.#ledger.equityMicros(this.#markOf);
  }

  exposureMicros(counts: (position: Position) => boolean): number {
    return this.#ledger.exposureMicros(this.#markOf, counts);
  }
}
