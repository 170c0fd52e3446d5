import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readRunFile } from '../../../src/cli/options/run-file.ts';
import { liveSettings } from '../../../src/engine/live/live-settings.ts';

const none = { name: '--config x.json', live: {} };
const example = fileURLToPath(new URL('../../../docs/live.example.jsonc', import.meta.url));

describe('settings of a live process', () => {
  it('stand in the annotated example as they are by default', () => {
    const { live } = readRunFile(example);
    const settings = liveSettings({}, {}, { name: example, live: live! });
    expect(settings).toEqual(liveSettings({ symbols: ['SPY', 'QQQ'] }, {}, none));
  });

  it('take flags before the environment, and that before the file', () => {
    const file = { name: '--config x.json', live: { symbols: ['A'], port: 1, dataFolder: 'file' } };
    const env = { QUANTOS_PORT: '2', QUANTOS_DATA: 'env' };
    expect(liveSettings({ dataFolder: 'flag' }, env, file)).toMatchObject({
      symbols: ['A'],
      port: 2,
      dataFolder: 'flag',
    });
  });

  it.each([
    [{ QUANTOS_PORT: 'http' }, 'QUANTOS_PORT: port is'],
    [{ QUANTOS_STOCK_FEED: 'sipp' }, 'QUANTOS_STOCK_FEED: stockFeed is "sipp"'],
    [{ QUANTOS_ON_STOP: 'sell' }, 'QUANTOS_ON_STOP: onStop is "sell"'],
    [{ QUANTOS_VENUE_URL: 'localhost' }, 'QUANTOS_VENUE_URL: venueUrl is "localhost"'],
  ])('name the variable that is wrong: %j', (env, sentence) => {
    expect(() => liveSettings({ symbols: ['SPY'] }, env, none)).toThrow(sentence);
  });

  it('name the file that is wrong, and the key that was meant', () => {
    const live = { symbols: ['SPY'], dataFoldr: 'x' } as never;
    expect(() => liveSettings({}, {}, { ...none, live })).toThrow(
      /x[.]json, live.*dataFoldr.*did you mean dataFolder/,
    );
  });

  it('want something to trade', () => {
    expect(() => liveSettings({}, {}, none)).toThrow('nothing to trade is named');
  });
});
