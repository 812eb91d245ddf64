import { z } from 'zod';

/** Execution providers of ONNX Runtime that Madder can ask for. */
export const PROVIDERS = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;
export const providerSchema = z.enum(PROVIDERS);
export type Provider = z.infer<typeof providerSchema>;

/** What a person may ask for. */
export const DEVICE_NAMES = ['auto', ...PROVIDERS] as const;
export type DeviceName = (typeof DEVICE_NAMES)[number];

/**
 * What became of a provider when it was tried out:
 * - `works`: right, and faster than the cpu (or the cpu itself)
 * - `slow`: right, but no faster than the cpu; used only when asked for by name
 * - `wrong`: its numbers are not the cpu's
 * - `refuses`: it cannot run a network, or not all of it
 * - `crashes`, `hangs`: its process died, or had to be ended
 * - `absent`: not on this platform, or its driver or libraries were not found
 */
export const OUTCOMES = ['works', 'slow', 'wrong', 'refuses', 'crashes', 'hangs', 'absent'] as const;

/** How one provider did. */
export const verdictSchema = z.strictObject({
  provider: providerSchema,
  outcome: z.enum(OUTCOMES),
  /** ‖out − cpu‖ / ‖cpu‖, the larger of features and gradient, where there were numbers to compare. */
  error: z.number().nonnegative().optional(),
  /** The cpu's time for loss and gradient divided by this provider's. */
  speed: z.number().positive().optional(),
  /**
   * Where the picture and the optimizer's vectors stay during a run: on the device, or with the host, from which they are
   * sent for every evaluation. Missing for the cpu, and where nothing was computed.
   */
  vectors: z.enum(['device', 'host']).optional(),
  /** Why it is not chosen by itself, or does less than it could; one sentence each. */
  reason: z.string().optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** Version 1 of the file of verdicts in a person's cache folder. */
export const deviceCacheSchema = z.strictObject({
  version: z.literal(1),
  /** Whatever may change the verdicts: the runtime's version, platform, drivers. */
  key: z.string(),
  /** Milliseconds since 1970. */
  probedAt: z.number(),
  verdicts: z.array(verdictSchema),
});
export type DeviceCache = z.infer<typeof deviceCacheSchema>;
