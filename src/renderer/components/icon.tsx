import type { LucideIcon } from 'lucide-react';

/** An icon beside words or inside a named button: always decoration to a screen reader. */
export const Icon = ({ icon: Drawn, size = 16 }: { readonly icon: LucideIcon; readonly size?: number }) => (
  <Drawn size={size} strokeWidth={1.75} aria-hidden="true" focusable="false" />
);
