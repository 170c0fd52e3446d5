/** The volatility of an American option, between none and that of a European option of the same price. */
import { americanPrice } from './american.ts';
import { europeanGreeks } from './black-scholes.ts';
import { europeanImpliedVol, type ImpliedVol, noVol, ROUNDING, refusal } from './implied-vol.ts';
import { intrinsicValue, type OptionMarket } from './option-inputs.ts';

/** Pricing with it again gives `price` within 2e-12 of the larger of spot and strike. */
export function americanImpliedVol(market: OptionMarket, price: number): ImpliedVol {
  const refused = refusal(market, price);
  if (refused !== null) return noVol(refused);
  const { right, spot, strike } = market;
  const intrinsic = intrinsicValue(market, spot);
  const noise = ROUNDING * (spot + strike);
  if (price < intrinsic - noise) return noVol('belowIntrinsic');
  if (intrinsic > 0 && price <= intrinsic + noise) return noVol('noTimeValue');
  if (price >= (right === 'call' ? spot : strike)) return noVol('aboveMaximum');
  const european = europeanImpliedVol(market, price);
  if (european.ok) return solve(market, price, european.vol);
  // Only the American price may exceed what the European one never reaches.
  const beyond = european.reason === 'aboveMaximum' || european.reason === 'zeroVega';
  return beyond ? solveUpwards(market, price) : european;
}

function solveUpwards(market: OptionMarket, price: number): ImpliedVol {
  for (let high = 1; high <= VOL_MAX; high *= 2) {
    if (americanPrice({ ...market, vol: high }) >= price) return solve(market, price, high);
  }
  return noVol('zeroVega');
}
const VOL_MAX = 128;

/** Secants inside a bracket, the first along the European vega; halving where they do not settle. */
function solve(market: OptionMarket, price: number, ceiling: number): ImpliedVol {
  if (americanPrice({ ...market, vol: 0 }) >= price) return noVol('belowIntrinsic');
  const tolerance = TOLERANCE * Math.max(market.spot, market.strike);
  let low = 0;
  let high = ceiling;
  let vol = ceiling;
  let slope = europeanGreeks({ ...market, vol }).vega * 100;
  let before: { vol: number; excess: number } | null = null;
  for (let i = 0; i < STEPS_MAX; i++) {
    const excess = americanPrice({ ...market, vol }) - price;
    if (Math.abs(excess) <= tolerance) break;
    if (excess < 0) low = vol;
    else high = vol;
    if (before !== null) slope = (excess - before.excess) / (vol - before.vol);
    before = { vol, excess };
    const next = vol - excess / slope;
    vol = i < SECANTS_MAX && next > low && next < high ? next : (low + high) / 2;
    if (vol === before.vol) break;
  }
  return { ok: true, vol };
}
const TOLERANCE = 2e-12;
const SECANTS_MAX = 10;
const STEPS_MAX = 70;
