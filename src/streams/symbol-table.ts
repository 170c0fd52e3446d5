/** Dictionary ids and symbols, as the log's `SymbolDefined` events give them. Nothing is ever decided by an id. */
import type { SymbolDefined } from '../events/market.events.ts';

export class SymbolTable {
  /** By dictionary id; ids are small and dense. */
  readonly byId: (SymbolDefined | undefined)[] = [];
  readonly #byName = new Map<string, SymbolDefined>();
  #names: readonly string[] | null = null;

  define(definition: SymbolDefined): void {
    this.byId[definition.id] = definition;
    this.#byName.set(definition.symbol, definition);
    this.#names = null;
  }

  get(symbol: string): SymbolDefined | undefined {
    return this.#byName.get(symbol);
  }

  /** All symbols in code-unit order: the order of every loop over symbols. */
  names(): readonly string[] {
    return (this.#names ??= [...this.#byName.keys()].sort());
  }
}
