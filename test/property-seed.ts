import fc from 'fast-check';

/**
 * One seed for all property tests: what fails once fails again, and what passed here passes elsewhere. Others, to search
 * further: `MADDER_PROPERTY_SEED=7 npx vitest run`.
 */
fc.configureGlobal({ seed: Number(process.env['MADDER_PROPERTY_SEED'] ?? 20261123) });
