import { joinChroma, matchColours, matchLuminance, toGrey } from '../../codec/colour.ts';
import type { Picture } from '../../codec/picture.ts';
import { intTensor } from '../../../shared/tensor.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import type { Network } from '../networks/network.ts';
import { makeNode, nameMaker, pictureInput } from '../networks/template.ts';

/** What a recipe's `colour` does to what a run looks at, and to the picture that it hands out. */
export interface ColourTreatment {
  /** The photo as the networks see it. */
  photo(photo: Picture): Picture;
  /** A painting as the networks see it. */
  painting(painting: Picture, photo: Picture): Picture;
  /** What the optimizer starts from. */
  start(picture: Picture): Picture;
  network(network: Network): Network;
  /** What people see of the picture that is optimized; absent where that is the picture itself. */
  finish?(picture: Picture, photo: Picture): Picture;
}

const asItIs = <T>(value: T): T => value;
const STYLE: ColourTreatment = { photo: asItIs, painting: asItIs, start: asItIs, network: asItIs };

/**
 * `style`: the painting's colours. `match`: the painting, given the photo's palette before it is measured. `luminance`:
 * everything is grey until the result gets the photo's chroma.
 */
export const TREATMENTS: Readonly<Record<Recipe['colour'], ColourTreatment>> = {
  style: STYLE,
  match: { ...STYLE, painting: matchColours },
  luminance: { photo: toGrey, painting: matchLuminance, start: toGrey, network: seeGrey, finish: joinChroma },
};

/**
 * The network behind the mean of the three channels. A grey picture looks as before, and the gradient has three equal
 * planes: it is the gradient's projection on the grey pictures. Optimizers work value by value and by inner products, so
 * that a start that is grey stays grey in every bit, and what is minimised is the objective over one plane. Were the
 * planes free, the optimizer would lower the loss by colours that the result then does not have.
 */
export function seeGrey(network: Network): Network {
  const { graph, input } = network;
  const fresh = nameMaker(graph);
  const [colours, mean, shape] = [fresh('colours'), fresh('grey'), fresh('channels')];
  return {
    ...network,
    input: colours,
    graph: {
      ...graph,
      inputs: graph.inputs.map((i) => (i.name === input ? pictureInput(colours) : i)),
      initializers: new Map(graph.initializers).set(shape, intTensor([1, 3, 1, 1])),
      nodes: [
        makeNode('ReduceMean', [colours], mean, { axes: [1], keepdims: 1 }),
        makeNode('Expand', [mean, shape], input),
        ...graph.nodes,
      ],
    },
  };
}
