/** The strategies that come with the package, by name. */
import type { Strategy } from '../streams/strategy.ts';
import { buyAndHold } from './buy-and-hold.ts';
import { conviction } from './conviction.ts';
import { rsiReversion } from './rsi-reversion.ts';
import { smaCross } from './sma-cross.ts';

const all = [conviction, smaCross, buyAndHold, rsiReversion] as readonly unknown[] as readonly Strategy[];

export const builtInStrategies: ReadonlyMap<string, Strategy> = new Map(all.map((each) => [each.name, each]));
