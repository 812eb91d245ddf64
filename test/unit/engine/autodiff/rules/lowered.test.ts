import { describeGradients } from '../../../../support/gradients/check.ts';
import { loweredCases } from '../../../../support/gradients/lowered.ts';

describeGradients('operators that are lowered', loweredCases);
