import { describeGradients } from '../../../../support/gradients/check.ts';
import { reductionCases } from '../../../../support/gradients/reductions.ts';

describeGradients('reductions and normalizations', reductionCases);
