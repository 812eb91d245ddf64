import { describeGradients } from '../../../../support/gradients/check.ts';
import { poolCases } from '../../../../support/gradients/pools.ts';

describeGradients('pooling', poolCases);
