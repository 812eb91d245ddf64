import { describeGradients } from '../../../../support/gradients/check.ts';
import { wideCases } from '../../../../support/gradients/compositions.ts';

describeGradients('networks that reach the blocked layout', wideCases);
