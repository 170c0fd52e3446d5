/** Recorded pages of bars, chains and corporate actions through whoever reads them: used, or refused with a reason. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AlpacaClient, alpacaEndpoints } from '../../../src/adapters/alpaca/alpaca-client.ts';
import { ChainContracts } from '../../../src/adapters/alpaca/chain-contracts.ts';
import { MarketHistory } from '../../../src/adapters/alpaca/market-history.ts';
import { AlpacaDesk } from '../../../src/adapters/alpaca/venue-desk.ts';
import { VenueError } from '../../../src/domain/venue-error.ts';
import { wallClock } from '../../../src/engine/live/host-clock.ts';

const messages = new URL('../../../../shared/data/alpaca/messages.jsonl', import.meta.url);
const NOW = Date.parse('2026-11-18T15:00:00Z') * 1_000;
const ALL = { resolutionS: 60, from: 0, to: NOW };

type Body = Readonly<Record<string, unknown>>;

/** A venue whose every answer is this body, without its further pages. */
function clientOf(body: Body): AlpacaClient {
  const answer = JSON.stringify({ ...body, next_page_token: null });
  return new AlpacaClient({
    credentials: { keyId: 'key', secret: 'secret' },
    endpoints: alpacaEndpoints({
      mode: 'paper',
      stockFeed: 'iex',
      optionFeed: 'indicative',
      simulatorUrl: 'http://127.0.0.1:9',
    }),
    clock: wallClock(), // what cannot be read is asked for once more, a moment later
    fetch: async () => new Response(answer, { headers: { 'content-type': 'application/json' } }),
  });
}

/** How many things came of it, or the code of the one error there may be. */
const cameOf = (read: Promise<number>): Promise<number | string> =>
  read.catch((error: unknown) => {
    if (error instanceof VenueError && error.message !== '') return error.code;
    throw error;
  });

const readers: Readonly<Record<string, (body: Body, refused: (why: string) => void) => Promise<number>>> = {
  bars: async (body, rejected) => {
    const history = new MarketHistory(clientOf(body), { stockFeed: 'iex', rejected });
    const symbols = Object.keys(body.bars ?? {});
    const loaded = await history.load(symbols.length === 0 ? ['A'] : symbols, ALL);
    return loaded.reduce((sum, { bars }) => sum + bars.length, 0);
  },
  option_contracts: async (body, rejected) => {
    const wanted = { underlying: 'AAPL', expiryFrom: '2023-01-01', expiryTo: '2027-01-01' };
    const contracts = new ChainContracts(clientOf(body), rejected);
    return (await contracts.listed({ ...wanted, strikeFrom: 1, strikeTo: 1_000 })).length;
  },
  corporate_actions: async (body, rejected) => {
    const desk = new AlpacaDesk({ client: clientOf(body), stockFeed: 'iex' });
    const actions = await desk.corporateActions(['A'], { from: '2023-01-01', to: '2023-12-31' });
    // Spin-offs, mergers and the like are told and not booked.
    const told = actions.filter(({ problem }) => problem !== null);
    for (const { problem } of told) rejected(problem!);
    return actions.length - told.length;
  },
};

test.skipIf(!existsSync(messages))(
  'every recorded page of shared/data/alpaca is used or refused with a reason',
  async () => {
    const counts: Record<
      string,
      { pages: number; used: number; refused: number; errors: Record<string, number> }
    > = {};
    for (const line of readFileSync(messages, 'utf8').trim().split('\n')) {
      const { body } = JSON.parse(line) as { body: Body };
      for (const [name, read] of Object.entries(readers)) {
        if (typeof body !== 'object' || body === null || !(name in body)) continue;
        const count = (counts[name] ??= { pages: 0, used: 0, refused: 0, errors: {} });
        count.pages += 1;
        const came = await cameOf(
          read(body, (why) => {
            expect(why).not.toBe('');
            count.refused += 1;
          }),
        );
        if (typeof came === 'number') count.used += came;
        else count.errors[came] = (count.errors[came] ?? 0) + 1;
      }
    }
    // Not to be read are the newest bars, one a symbol, and the pages of one symbol: neither is ever asked for.
    expect(counts).toMatchInlineSnapshot(`
      {
        "bars": {
          "errors": {
            "unreadable": 17,
          },
          "pages": 36,
          "refused": 10,
          "used": 54,
        },
        "corporate_actions": {
          "errors": {},
          "pages": 3,
          "refused": 13,
          "used": 14,
        },
        "option_contracts": {
          "errors": {},
          "pages": 2,
          "refused": 0,
          "used": 2,
        },
      }
    `);
  },
);
