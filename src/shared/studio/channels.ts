/** The desktop shell's messages between window and program: one channel per concern. */
export const CHANNELS = { call: 'madder:call', upload: 'madder:upload', event: 'madder:event' } as const;
