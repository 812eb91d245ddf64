import { describeGradients } from '../../../../support/gradients/check.ts';
import { compositionCases } from '../../../../support/gradients/compositions.ts';

describeGradients('compositions', compositionCases);
