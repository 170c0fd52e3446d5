/**
 * The ids that ticks carry for symbols and codes. They are given out while a session runs, come back from the log after a
 * restart, and are defined again at the head of every session that follows.
 */
import { civilDay } from '../../domain/exchange-calendar.ts';
import type { CalendarName } from '../../domain/instrument.ts';
import { parseOcc } from '../../domain/options/occ-symbol.ts';
import type { NewInput, PayloadOf } from '../../events/define-event.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import { CodeDefined, SymbolDefined } from '../../events/market.events.ts';
import { ContractDefined } from '../../events/option.events.ts';

type CodeDictionary = PayloadOf<typeof CodeDefined>['dictionary'];

/** What a tick has room for. */
const CODES_MAX: Readonly<Record<CodeDictionary, number>> = { exchange: 255, conditions: 65_535 };

export class Dictionary {
  readonly #symbols: SymbolDefined[] = [];
  readonly #ids = new Map<string, number>();
  readonly #contracts = new Map<string, ContractDefined>();
  /** Id 0 is "unknown" or "none". */
  readonly #codes = { exchange: new Map<string, number>(), conditions: new Map<string, number>() };

  idOf(symbol: string): number | undefined {
    return this.#ids.get(symbol);
  }

  symbolOf(id: number): string {
    return this.#symbols[id]?.symbol ?? `#${id}`;
  }

  defined(symbols: readonly string[]): SymbolDefined[] {
    return symbols.flatMap((symbol) => this.#symbols[this.#ids.get(symbol) ?? -1] ?? []);
  }

  /** Of everything that is traded, New York's first. */
  calendars(): CalendarName[] {
    const used = new Set(this.#symbols.map(({ calendar }) => calendar));
    return (['XNYS', '24x7'] as const).filter((each) => used.has(each));
  }

  /** What a symbol is known as from now on; null where it was known before. */
  define(definition: Omit<SymbolDefined, 'id'>): SymbolDefined | null {
    if (this.#ids.has(definition.symbol)) return null;
    const defined = { ...definition, id: this.#symbols.length };
    this.#keep(defined);
    return defined;
  }

  /** The id of a code, and its definition where it is new. A full dictionary calls what comes then unknown. */
  code(dictionary: CodeDictionary, code: string): { id: number; defined: NewInput | null } {
    const codes = this.#codes[dictionary];
    const known = codes.get(code);
    if (known !== undefined) return { id: known, defined: null };
    const id = codes.size + 1;
    if (id > CODES_MAX[dictionary]) return { id: 0, defined: null };
    codes.set(code, id);
    return { id, defined: CodeDefined.of({ dictionary, id, code }) };
  }

  /** Follows what is recorded: this is how it fills from a log. */
  see({ type, payload }: Pick<StoredEvent, 'type' | 'payload'>): void {
    if (type === SymbolDefined.type) this.#keep(payload as SymbolDefined);
    else if (type === ContractDefined.type) {
      const contract = payload as ContractDefined;
      this.#contracts.set(contract.symbol, contract);
    } else if (type === CodeDefined.type) {
      const { dictionary, id, code } = payload as PayloadOf<typeof CodeDefined>;
      this.#codes[dictionary].set(code, id);
    }
  }

  /** Everything a session that begins at `now` has to define; contracts that have expired are left out. */
  definitions(now: number): NewInput[] {
    const today = civilDay(now);
    const living = this.#symbols.filter(({ symbol }) => {
      const occ = parseOcc(symbol);
      return !occ.ok || occ.expiry >= today;
    });
    const inputs: NewInput[] = living.map((each) => SymbolDefined.of(each));
    for (const { symbol } of living) {
      const contract = this.#contracts.get(symbol);
      if (contract !== undefined) inputs.push(ContractDefined.of(contract));
    }
    for (const dictionary of ['exchange', 'conditions'] as const) {
      for (const [code, id] of this.#codes[dictionary]) inputs.push(CodeDefined.of({ dictionary, id, code }));
    }
    return inputs;
  }

  #keep(definition: SymbolDefined): void {
    this.#symbols[definition.id] = definition;
    this.#ids.set(definition.symbol, definition.id);
  }
}
