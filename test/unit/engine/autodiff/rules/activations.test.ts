import { describeGradients } from '../../../../support/gradients/check.ts';
import { activationCases } from '../../../../support/gradients/activations.ts';

describeGradients('activations', activationCases);
