import { describeGradients } from '../../../../support/gradients/check.ts';
import { shapeCases } from '../../../../support/gradients/shapes.ts';

describeGradients('operators that move elements', shapeCases);
