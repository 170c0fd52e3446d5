/** `quantos option`: implied volatility, price and greeks of one option, given by hand. */
import { type Command, Option } from 'commander';
import { InputError } from '../../domain/input-error.ts';
import type { NoVolReason } from '../../domain/options/implied-vol.ts';
import type { OptionRight } from '../../domain/options/occ-symbol.ts';
import {
  DAYS_PER_YEAR,
  type ExerciseStyle,
  type Greeks,
  type OptionMarket,
} from '../../domain/options/option-inputs.ts';
import { optionModels } from '../../domain/options/option-models.ts';
import { choiceFor, numberFor, withCommon } from '../options/common-options.ts';
import { plainTable } from '../plain-table.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

interface OptionFlags extends CommonOptions {
  readonly spot: number;
  readonly strike: number;
  readonly days: number;
  readonly right: OptionRight;
  readonly rate: number;
  readonly yield: number;
  readonly style: ExerciseStyle;
  readonly price?: number;
  readonly vol?: number;
}

type Answer = { readonly impliedVol: number } & Greeks;

export function addOption(program: Command, terminal: Terminal): void {
  const option = program
    .command('option')
    .description('option maths at hand: one option, given by its numbers');
  const iv = option.command('iv').description('the volatility at which the model gives the price');
  withCommon(
    withContract(iv).requiredOption(
      '--price <p>',
      'price of the option, dollars',
      positive('--price', 23.75),
    ),
    'option iv --spot 450 --strike 450 --days 60 --right call --rate 0.053 --yield 0.0153 --price 23.753',
  ).action((flags: OptionFlags) => print(terminal, flags, impliedVolOf(terminal, flags)));
  for (const [name, about] of [
    ['price', 'the price at a volatility'],
    ['greeks', 'price, delta, gamma, vega, theta and rho, at a volatility or at that of a price'],
  ] as const) {
    const command = withContract(option.command(name).description(about))
      .addOption(
        new Option('--vol <v>', 'volatility, a fraction a year')
          .argParser(
            numberFor('--vol', 'a fraction a year from 0 to 100: 0.2 is 20 %', (v) => v >= 0 && v <= 100),
          )
          .conflicts('price'),
      )
      .option('--price <p>', 'instead of --vol: the price that implies it', positive('--price', 23.75));
    withCommon(
      command,
      `option ${name} --spot 450 --strike 450 --days 60 --right put --rate 0.053 --vol 0.2 --style american`,
    ).action((flags: OptionFlags) => print(terminal, flags, flags.vol ?? impliedVolOf(terminal, flags)));
  }
}

const positive = (flag: string, example: number) =>
  numberFor(flag, `a number above 0, such as ${example}`, (value) => value > 0);

const fraction = (flag: string) =>
  numberFor(flag, 'a fraction a year between -1 and 1: 0.053 is 5.3 %', (value) => Math.abs(value) < 1);

const withContract = (command: Command): Command =>
  command
    .requiredOption('--spot <s>', 'price of the underlying, dollars', positive('--spot', 450))
    .requiredOption('--strike <k>', 'strike, dollars', positive('--strike', 450))
    .requiredOption(
      '--days <d>',
      'calendar days to expiry, 365 to a year; fractions allowed',
      numberFor('--days', 'the days to expiry, 0 or more', (value) => value >= 0),
    )
    .requiredOption('--right <right>', 'call or put', choiceFor('--right', ['call', 'put']))
    .option('--rate <r>', 'interest, continuous, a fraction a year', fraction('--rate'), 0)
    .option('--yield <q>', 'dividend yield, continuous, a fraction a year', fraction('--yield'), 0)
    .option('--style <style>', 'exercise', choiceFor('--style', ['european', 'american']), 'european');

const marketOf = ({ right, spot, strike, days, rate, yield: dividendYield }: OptionFlags): OptionMarket => ({
  right,
  spot,
  strike,
  years: days / DAYS_PER_YEAR,
  rate,
  dividendYield,
});

const WHY_NONE: Readonly<Record<NoVolReason, string>> = {
  belowIntrinsic:
    'less than exercise is worth, which no volatility gives; check the price, the spot and the rate',
  noTimeValue:
    'just what exercise is worth, which any small volatility gives; a price above that would tell one',
  aboveMaximum: 'as much as the option could ever be worth, or more; check the price and the right',
  zeroVega: 'so near the most the option could be worth that it no longer tells volatilities apart',
  expired: 'the price of an expired option; --days must be above 0',
  badInput: 'with these numbers beyond what the model can price',
};

/** The JSON of a price that has no volatility names the reason; the exit code is that of bad input. */
function impliedVolOf(terminal: Terminal, { price, json, ...flags }: OptionFlags): number {
  if (price === undefined)
    throw new InputError('--vol and --price are both missing; write one of them, such as --vol 0.2');
  const found = optionModels[flags.style].impliedVol(marketOf(flags), price);
  if (found.ok) return found.vol;
  const nothing = { delta: null, gamma: null, vega: null, theta: null, rho: null };
  if (json) printJson(terminal, { impliedVol: null, price, ...nothing, reason: found.reason });
  throw new InputError(
    `--price ${price} has no implied volatility (${found.reason}): it is ${WHY_NONE[found.reason]}`,
  );
}

function print(terminal: Terminal, flags: OptionFlags, vol: number): void {
  const answer: Answer = {
    impliedVol: vol,
    ...optionModels[flags.style].greeks({ ...marketOf(flags), vol }),
  };
  if (flags.json) printJson(terminal, answer);
  else terminal.out(plainTable([], rows(answer), ['left', 'right', 'left']));
}

const rows = ({ impliedVol, price, delta, gamma, vega, theta, rho }: Answer): string[][] => [
  ['volatility', (impliedVol * 100).toFixed(2), '% a year'],
  ['price', price.toFixed(4), 'dollars'],
  ['delta', delta.toFixed(4), 'per dollar of the underlying'],
  ['gamma', gamma.toFixed(6), 'change of delta per dollar of the underlying'],
  ['vega', vega.toFixed(4), 'per volatility point'],
  ['theta', theta.toFixed(4), 'per calendar day'],
  ['rho', rho.toFixed(4), 'per percentage point of the rate'],
];
