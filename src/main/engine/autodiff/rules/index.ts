import type { GradientRule } from '../rule.ts';
import * as activations from './activations.ts';
import * as arithmetic from './arithmetic.ts';
import { averagePoolGradient } from './average-pool.ts';
import { convTransposeGradient } from './conv-transpose.ts';
import { convGradient } from './conv.ts';
import { gemmGradient, matMulGradient } from './matmul.ts';
import { maxPoolGradient } from './max-pool.ts';
import { instanceNormalizationGradient, layerNormalizationGradient, lrnGradient } from './normalization.ts';
import * as reductions from './reductions.ts';
import { resizeGradient } from './resize.ts';
import * as shape from './shape.ts';

/** The gradient rule of each ONNX operator. */
export const rules: ReadonlyMap<string, GradientRule> = new Map<string, GradientRule>([
  ['Abs', activations.absGradient],
  ['Add', arithmetic.addGradient],
  ['AveragePool', averagePoolGradient],
  ['BatchNormalization', activations.batchNormalizationGradient],
  ['Cast', shape.castGradient],
  ['Clip', activations.clipGradient],
  ['Concat', shape.concatGradient],
  ['Conv', convGradient],
  ['ConvTranspose', convTransposeGradient],
  ['DepthToSpace', shape.depthToSpaceGradient],
  ['Div', arithmetic.divGradient],
  ['Dropout', activations.identityGradient],
  ['Elu', activations.eluGradient],
  ['Erf', activations.erfGradient],
  ['Exp', activations.expGradient],
  ['Expand', shape.expandGradient],
  ['Flatten', shape.reshapeGradient],
  ['Gather', shape.gatherGradient],
  ['Gemm', gemmGradient],
  ['GlobalAveragePool', reductions.globalAveragePoolGradient],
  ['GlobalMaxPool', reductions.globalMaxPoolGradient],
  ['HardSigmoid', activations.hardSigmoidGradient],
  ['HardSwish', activations.hardSwishGradient],
  ['Identity', activations.identityGradient],
  ['InstanceNormalization', instanceNormalizationGradient],
  ['LRN', lrnGradient],
  ['LayerNormalization', layerNormalizationGradient],
  ['LeakyRelu', activations.leakyReluGradient],
  ['Log', activations.logGradient],
  ['MatMul', matMulGradient],
  ['Max', arithmetic.maxGradient],
  ['MaxPool', maxPoolGradient],
  ['Min', arithmetic.minGradient],
  ['Mul', arithmetic.mulGradient],
  ['Neg', activations.negGradient],
  ['PRelu', activations.preluGradient],
  ['Pad', shape.padGradient],
  ['Pow', arithmetic.powGradient],
  ['Reciprocal', activations.reciprocalGradient],
  ['ReduceL2', reductions.reduceL2Gradient],
  ['ReduceMax', reductions.reduceMaxGradient],
  ['ReduceMean', reductions.reduceMeanGradient],
  ['ReduceSum', reductions.reduceSumGradient],
  ['ReduceSumSquare', reductions.reduceSumSquareGradient],
  ['Relu', activations.reluGradient],
  ['Reshape', shape.reshapeGradient],
  ['Resize', resizeGradient],
  ['Sigmoid', activations.sigmoidGradient],
  ['Slice', shape.sliceGradient],
  ['Softmax', activations.softmaxGradient],
  ['Softplus', activations.softplusGradient],
  ['Split', shape.splitGradient],
  ['Sqrt', activations.sqrtGradient],
  ['Squeeze', shape.reshapeGradient],
  ['Sub', arithmetic.subGradient],
  ['Sum', arithmetic.sumGradient],
  ['Tanh', activations.tanhGradient],
  ['Tile', shape.tileGradient],
  ['Transpose', shape.transposeGradient],
  ['Unsqueeze', shape.reshapeGradient],
  ['Where', arithmetic.whereGradient],
]);
