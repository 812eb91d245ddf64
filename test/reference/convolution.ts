import { input, listAttribute, numberAttribute, textAttribute, zeros, type Call, type Operator } from './array.ts';

interface Window {
  readonly strides: [number, number];
  readonly dilations: [number, number];
  /** top, left, bottom, right */
  readonly pads: [number, number, number, number];
}

function windowOf(call: Call): Window {
  if (textAttribute(call, 'auto_pad', 'NOTSET') !== 'NOTSET') throw new Error('auto_pad is not supported');
  return {
    strides: (listAttribute(call, 'strides') ?? [1, 1]) as [number, number],
    dilations: (listAttribute(call, 'dilations') ?? [1, 1]) as [number, number],
    pads: (listAttribute(call, 'pads') ?? [0, 0, 0, 0]) as [number, number, number, number],
  };
}

function planes(dims: readonly number[]): [number, number, number, number] {
  if (dims.length !== 4) throw new Error('only two spatial dimensions are supported');
  return dims as unknown as [number, number, number, number];
}

/** y[n,m,i,j] = b[m] + sum over c,p,q of w[m,c,p,q] x[n, group offset + c, i s + p d - pad, ...], zero outside. */
const conv: Operator = (call) => {
  const [x, w, b] = [input(call, 0), input(call, 1), call.inputs[2]];
  const { strides, dilations, pads } = windowOf(call);
  const [N, C, H, W] = planes(x.dims);
  const [M, perGroup, kh, kw] = planes(w.dims);
  const group = numberAttribute(call, 'group', 1);
  if (perGroup * group !== C || M % group !== 0) throw new Error('channels do not match the weight and group');
  const outH = Math.floor((H + pads[0] + pads[2] - dilations[0] * (kh - 1) - 1) / strides[0]) + 1;
  const outW = Math.floor((W + pads[1] + pads[3] - dilations[1] * (kw - 1) - 1) / strides[1]) + 1;
  const y = zeros([N, M, outH, outW]);
  let offset = 0;
  for (let n = 0; n < N; n++)
    for (let m = 0; m < M; m++)
      for (let i = 0; i < outH; i++)
        for (let j = 0; j < outW; j++) {
          const firstChannel = Math.floor(m / (M / group)) * perGroup;
          let sum = b?.data[m] ?? 0;
          for (let c = 0; c < perGroup; c++)
            for (let p = 0; p < kh; p++)
              for (let q = 0; q < kw; q++) {
                const row = i * strides[0] + p * dilations[0] - pads[0];
                const column = j * strides[1] + q * dilations[1] - pads[1];
                if (row < 0 || row >= H || column < 0 || column >= W) continue;
                sum +=
                  w.data[((m * perGroup + c) * kh + p) * kw + q]! *
                  x.data[((n * C + firstChannel + c) * H + row) * W + column]!;
              }
          y.data[offset++] = sum;
        }
  return [y];
};

/** Every x[n,c,i,j] adds w[c,m,p,q] x to y[n, group offset + m, i s + p d - pad, ...]. */
const convTranspose: Operator = (call) => {
  const [x, w, b] = [input(call, 0), input(call, 1), call.inputs[2]];
  if (call.attributes['output_shape'] !== undefined) throw new Error('output_shape is not supported');
  const { strides, dilations, pads } = windowOf(call);
  const outputPadding = listAttribute(call, 'output_padding') ?? [0, 0];
  const [N, C, H, W] = planes(x.dims);
  const [inputs, perGroup, kh, kw] = planes(w.dims);
  const group = numberAttribute(call, 'group', 1);
  if (inputs !== C || C % group !== 0) throw new Error('channels do not match the weight and group');
  const M = perGroup * group;
  const outH = strides[0] * (H - 1) + outputPadding[0]! + (kh - 1) * dilations[0] + 1 - pads[0] - pads[2];
  const outW = strides[1] * (W - 1) + outputPadding[1]! + (kw - 1) * dilations[1] + 1 - pads[1] - pads[3];
  const y = zeros([N, M, outH, outW]);
  if (b) y.data.forEach((_, k) => (y.data[k] = b.data[Math.floor(k / (outH * outW)) % M]!));
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++)
      for (let i = 0; i < H; i++)
        for (let j = 0; j < W; j++)
          for (let m = 0; m < perGroup; m++)
            for (let p = 0; p < kh; p++)
              for (let q = 0; q < kw; q++) {
                const row = i * strides[0] + p * dilations[0] - pads[0];
                const column = j * strides[1] + q * dilations[1] - pads[1];
                if (row < 0 || row >= outH || column < 0 || column >= outW) continue;
                const channel = Math.floor(c / (C / group)) * perGroup + m;
                y.data[((n * M + channel) * outH + row) * outW + column]! +=
                  w.data[((c * perGroup + m) * kh + p) * kw + q]! * x.data[((n * C + c) * H + i) * W + j]!;
              }
  return [y];
};

export const convolutionOperators: Record<string, Operator> = { Conv: conv, ConvTranspose: convTranspose };
