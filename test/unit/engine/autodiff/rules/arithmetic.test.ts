import { describeGradients } from '../../../../support/gradients/check.ts';
import { arithmeticCases } from '../../../../support/gradients/arithmetic.ts';

describeGradients('arithmetic', arithmeticCases);
