import type { GradientRule } from '../rule.ts';
import { absGradient } from './abs.ts';
import { addGradient } from './add.ts';
import { atanGradient } from './atan.ts';
import { averagePoolGradient } from './average-pool.ts';
import { batchNormalizationGradient } from './batch-normalization.ts';
import { clipGradient } from './clip.ts';
import { concatGradient } from './concat.ts';
import { convGradient } from './conv.ts';
import { convTransposeGradient } from './conv-transpose.ts';
import { cosGradient } from './cos.ts';
import { depthToSpaceGradient } from './depth-to-space.ts';
import { divGradient } from './div.ts';
import { eluGradient } from './elu.ts';
import { erfGradient } from './erf.ts';
import { expGradient } from './exp.ts';
import { expandGradient } from './expand.ts';
import { gatherGradient } from './gather.ts';
import { gemmGradient } from './gemm.ts';
import { globalAveragePoolGradient } from './global-average-pool.ts';
import { globalMaxPoolGradient } from './global-max-pool.ts';
import { hardSigmoidGradient } from './hard-sigmoid.ts';
import { hardSwishGradient } from './hard-swish.ts';
import { instanceNormalizationGradient } from './instance-normalization.ts';
import { layerNormalizationGradient } from './layer-normalization.ts';
import { leakyReluGradient } from './leaky-relu.ts';
import { logGradient } from './log.ts';
import { lrnGradient } from './lrn.ts';
import { matMulGradient } from './mat-mul.ts';
import { maxGradient } from './max.ts';
import { maxPoolGradient } from './max-pool.ts';
import { minGradient } from './min.ts';
import { mulGradient } from './mul.ts';
import { negGradient } from './neg.ts';
import { padGradient } from './pad.ts';
import { identityGradient } from './pass-through.ts';
import { powGradient } from './pow.ts';
import { preluGradient } from './prelu.ts';
import { reciprocalGradient } from './reciprocal.ts';
import { reduceL2Gradient } from './reduce-l2.ts';
import { reduceMaxGradient } from './reduce-max.ts';
import { reduceMeanGradient } from './reduce-mean.ts';
import { reduceSumGradient } from './reduce-sum.ts';
import { reduceSumSquareGradient } from './reduce-sum-square.ts';
import { reluGradient } from './relu.ts';
import { reshapeGradient } from './reshape.ts';
import { resizeGradient } from './resize.ts';
import { sigmoidGradient } from './sigmoid.ts';
import { sinGradient } from './sin.ts';
import { sliceGradient } from './slice.ts';
import { softmaxGradient } from './softmax.ts';
import { softplusGradient } from './softplus.ts';
import { splitGradient } from './split.ts';
import { sqrtGradient } from './sqrt.ts';
import { subGradient } from './sub.ts';
import { sumGradient } from './sum.ts';
import { tanhGradient } from './tanh.ts';
import { tileGradient } from './tile.ts';
import { transposeGradient } from './transpose.ts';
import { whereGradient } from './where.ts';
import { zeroGradient } from './zero.ts';

/** The gradient rule of each ONNX operator. */
export const rules: ReadonlyMap<string, GradientRule> = new Map<string, GradientRule>([
  ['Abs', absGradient],
  ['Add', addGradient],
  ['Atan', atanGradient],
  ['AveragePool', averagePoolGradient],
  ['BatchNormalization', batchNormalizationGradient],
  ['Cast', identityGradient],
  ['Ceil', zeroGradient],
  ['Clip', clipGradient],
  ['Concat', concatGradient],
  ['Conv', convGradient],
  ['ConvTranspose', convTransposeGradient],
  ['Cos', cosGradient],
  ['DepthToSpace', depthToSpaceGradient],
  ['Div', divGradient],
  ['Dropout', identityGradient],
  ['Elu', eluGradient],
  ['Erf', erfGradient],
  ['Exp', expGradient],
  ['Expand', expandGradient],
  ['Flatten', reshapeGradient],
  ['Floor', zeroGradient],
  ['Gather', gatherGradient],
  ['Gemm', gemmGradient],
  ['GlobalAveragePool', globalAveragePoolGradient],
  ['GlobalMaxPool', globalMaxPoolGradient],
  ['HardSigmoid', hardSigmoidGradient],
  ['HardSwish', hardSwishGradient],
  ['Identity', identityGradient],
  ['InstanceNormalization', instanceNormalizationGradient],
  ['LRN', lrnGradient],
  ['LayerNormalization', layerNormalizationGradient],
  ['LeakyRelu', leakyReluGradient],
  ['Log', logGradient],
  ['MatMul', matMulGradient],
  ['Max', maxGradient],
  ['MaxPool', maxPoolGradient],
  ['Min', minGradient],
  ['Mul', mulGradient],
  ['Neg', negGradient],
  ['PRelu', preluGradient],
  ['Pad', padGradient],
  ['Pow', powGradient],
  ['Reciprocal', reciprocalGradient],
  ['ReduceL2', reduceL2Gradient],
  ['ReduceMax', reduceMaxGradient],
  ['ReduceMean', reduceMeanGradient],
  ['ReduceSum', reduceSumGradient],
  ['ReduceSumSquare', reduceSumSquareGradient],
  ['Relu', reluGradient],
  ['Reshape', reshapeGradient],
  ['Resize', resizeGradient],
  ['Round', zeroGradient],
  ['Sigmoid', sigmoidGradient],
  ['Sign', zeroGradient],
  ['Sin', sinGradient],
  ['Slice', sliceGradient],
  ['Softmax', softmaxGradient],
  ['Softplus', softplusGradient],
  ['Split', splitGradient],
  ['Sqrt', sqrtGradient],
  ['Squeeze', reshapeGradient],
  ['Sub', subGradient],
  ['Sum', sumGradient],
  ['Tanh', tanhGradient],
  ['Tile', tileGradient],
  ['Transpose', transposeGradient],
  ['Unsqueeze', reshapeGradient],
  ['Where', whereGradient],
]);
