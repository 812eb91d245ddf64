import { describeGradients } from '../../../../support/gradients/check.ts';
import { matrixCases } from '../../../../support/gradients/matrices.ts';

describeGradients('matrix products', matrixCases);
