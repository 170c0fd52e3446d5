/** Draws every property of a run by one seed, so that the run can be repeated: `npm test` picks one for each commit. */
import fc from 'fast-check';

const { QUANTOS_PROPERTY_SEED } = process.env;
if (QUANTOS_PROPERTY_SEED !== undefined) fc.configureGlobal({ seed: Number(QUANTOS_PROPERTY_SEED) });
