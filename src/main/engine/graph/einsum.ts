/** An `Einsum` equation for operands of known shapes. Labels are letters, or `.0`, `.1` ... for the axes of an ellipsis. */
export interface Einsum {
  /** Per operand, its axes' labels. */
  readonly terms: readonly (readonly string[])[];
  readonly output: readonly string[];
  /** The length that each label stands for. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** Reads an equation such as `bchw,bdhw->bcd`; `fail` makes the error for one that is wrong or not supported. */
export function parseEinsum(
  equation: string,
  operands: readonly (readonly number[])[],
  fail: (problem: string) => Error,
): Einsum {
  const text = equation.replace(/\s/g, '');
  const [left = '', right] = text.split('->');
  const inputs = left.split(',');
  const wellFormed = [...inputs, right ?? ''].every((term) => /^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term));
  if (!wellFormed || text.split('->').length > 2) throw fail(`has the unreadable equation "${equation}"`);
  if (inputs.length !== operands.length) throw fail(`has ${operands.length} inputs for the equation "${equation}"`);

  const sizes = new Map<string, number>();
  let hidden = 0;
  const terms = inputs.map((term, i) => {
    const dims = operands[i]!;
    const missing = dims.length - term.replace('...', '').length;
    if (missing < 0 || (missing > 0 && !term.includes('...')))
      throw fail(`reads [${dims.join()}] as "${term}", which has another number of axes`);
    hidden = Math.max(hidden, missing);
    const labels = axisLabels(term, missing);
    if (new Set(labels).size !== labels.length) throw fail('takes a diagonal, which is not supported');
    labels.forEach((label, axis) => {
      const size = dims[axis]!;
      const known = sizes.get(label) ?? size;
      const broadcasts = label.startsWith('.') && (known === 1 || size === 1);
      if (known !== size && !broadcasts) throw fail(`gives "${label}" the lengths ${known} and ${size}`);
      sizes.set(label, broadcasts ? Math.max(known, size) : known);
    });
    return labels;
  });
  const all = terms.flat();
  const once = [...new Set(all)].filter(
    (label) => /[A-Za-z]/.test(label) && all.indexOf(label) === all.lastIndexOf(label),
  );
  const output = right === undefined ? [...axisLabels('...', hidden), ...once.sort()] : axisLabels(right, hidden);
  if (new Set(output).size !== output.length || output.some((label) => !sizes.has(label)))
    throw fail(`has the unreadable equation "${equation}"`);
  if (hidden > 0 && !output.includes('.0')) throw fail('sums over an ellipsis, which is not supported');
  return { terms, output, sizes };
}

/** One label per axis; the axes of an ellipsis are counted from its end. */
const axisLabels = (term: string, hidden: number): string[] =>
  (term.match(/\.\.\.|[A-Za-z]/g) ?? []).flatMap((label) =>
    label === '...' ? Array.from({ length: hidden }, (_, i) => `.${hidden - 1 - i}`) : [label],
  );
