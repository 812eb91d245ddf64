import { describeGradients } from '../../../../support/gradients/check.ts';
import { convolutionCases } from '../../../../support/gradients/convolutions.ts';

describeGradients('convolutions', convolutionCases);
