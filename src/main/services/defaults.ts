/** The embedded network: what a fresh installation paints with. */
export const DEFAULT_NETWORK = 'madder-vgg';
