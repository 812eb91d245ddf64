/** Tells a utility process its module and arguments, as JSON: where `process.argv` has them is Chromium's affair. */
export const MODULE_VARIABLE = 'MADDER_UTILITY_MODULE';
