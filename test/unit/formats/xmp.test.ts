import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_JPEG_XMP, readXmp, writeXmp } from '../../../src/main/formats/xmp.ts';

const NAMESPACE = 'xmlns:m="urn:x-madder:1.0/"';

describe('XMP', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(readXmp(writeXmp(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    for (const name of [
      'a&b<c>"d"\'',
      ']]>',
      '</madder:recipe>',
      '\uFFFE\uFFFF\u0000\u{1F3A8}',
      '&amp;#60;',
      '<!DOCTYPE x>',
    ]) {
      expect(readXmp(writeXmp({ name }))).toEqual({ name });
      // No character that XML does not have.
      for (const character of '\uFFFE\uFFFF\u0000') expect(writeXmp({ name })).not.toContain(character);
    }
  });

  it.each([
    ['another prefix', `<rdf:Description ${NAMESPACE}><m:recipe>{"a":1}</m:recipe></rdf:Description>`],
    ['an attribute', `<rdf:Description ${NAMESPACE}\n m:recipe="{&quot;a&quot;:1}"/>`],
    ['an attribute in single quotes', `<rdf:Description m:recipe = '{"a":1}' ${NAMESPACE}/>`],
    ['character references', `<d ${NAMESPACE}><m:recipe>&#123;&#x22;a":1}</m:recipe></d>`],
    [
      'comments and other properties',
      `<!-- <m:recipe>0</m:recipe> --><d ${NAMESPACE} x:y="<"><x:recipe>0</x:recipe><m:recipe>{"a":1}</m:recipe></d>`,
    ],
  ])('reads what other programs make of it: %s', (_name, packet) => {
    expect(readXmp(packet)).toEqual({ a: 1 });
  });

  it.each([
    ['nothing', ''],
    ['no XML', 'hello'],
    ['the packets of others', '<x:xmpmeta xmlns:x="adobe:ns:meta/"><a:recipe>soup</a:recipe></x:xmpmeta>'],
    ['a namespace like ours', '<d xmlns:m="urn:x-madder:1.0/x"><m:recipe>{}</m:recipe></d>'],
    ['an open comment', `<!-- <d ${NAMESPACE}>`],
  ])('finds nothing in %s', (_name, packet) => {
    expect(readXmp(packet)).toBeUndefined();
  });

  it.each([
    ['a document type', `<!DOCTYPE d [<!ENTITY a "b">]><d ${NAMESPACE}><m:recipe>&a;</m:recipe></d>`, /document type/],
    ['an unknown entity', `<d ${NAMESPACE}><m:recipe>{"a":&boom;}</m:recipe></d>`, /unknown entity "&boom;"/],
    ['a character that does not exist', `<d ${NAMESPACE}><m:recipe>&#x110000;</m:recipe></d>`, /unknown entity/],
    ['no JSON', `<d ${NAMESPACE}><m:recipe>soup</m:recipe></d>`, /not JSON/],
    ['markup inside', `<d ${NAMESPACE}><m:recipe><a/>{}</m:recipe></d>`, /other markup/],
    ['a cut packet', writeXmp({ a: 'b'.repeat(99) }).slice(0, 320), /cut off/],
    ['a cut tag', `<d ${NAMESPACE} m:recipe="{`, /cut off/],
  ])('refuses %s in one sentence', (_name, packet, words) => {
    expect(() => readXmp(packet)).toThrow(words);
    expect(() => readXmp(packet)).toThrow(/^The recipe in the picture cannot be read: [^\n]*\.$/);
  });

  it('never hangs and never grows, whatever it is given', () => {
    const started = performance.now();
    const million = 1_000_000;
    for (const piece of [
      '<',
      '<a ',
      '<a b',
      '<a b=',
      '<!--',
      '<a b="',
      '&',
      '&amp;',
      '/',
      '<?',
      '</',
      '<![CDATA[',
      `<d ${NAMESPACE}>`,
    ]) {
      const hostile = piece.repeat(million / piece.length);
      for (const packet of [
        hostile,
        `<d ${NAMESPACE}><m:recipe>${hostile}`,
        `<d ${NAMESPACE} m:recipe="${hostile}"/>`,
      ]) {
        try {
          readXmp(packet);
        } catch {
          // Refused: what matters is that it ends.
        }
      }
    }
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(() => readXmp('x'.repeat(17 * 2 ** 20))).toThrow(/longer than any recipe/);
  });

  it('survives whatever characters there are', () => {
    const soup = fc.string({
      unit: fc.constantFrom(
        '<',
        '>',
        '/',
        '=',
        '"',
        "'",
        '!',
        '-',
        '?',
        '&',
        ';',
        '#',
        'm:recipe',
        'xmlns:m="urn:x-madder:1.0/"',
        ' ',
        'a',
      ),
    });
    fc.assert(
      fc.property(soup, (packet) => {
        try {
          readXmp(packet);
        } catch (error) {
          expect((error as Error).name).toBe('MadderError');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('holds a run with ten styles and two hundred moved faders in a JPEG', () => {
    const image = (i: number) => ({
      sha256: 'f'.repeat(64),
      name: `painting number ${i} with a long name.jpg`,
      width: 12345,
      height: 12345,
    });
    const recipe = {
      styles: Array.from({ length: 10 }, (_, i) => ({ image: image(i), weight: 1 / 3, scale: 1 / 3 })),
      timeline: Array.from({ length: 200 }, (_, i) => ({
        evaluation: 100_000 + i,
        weights: { style: 1 / 3, content: 1 / 7, styleLayers: { relu1_1: 1 / 9, relu2_1: 1 / 11, relu3_1: 1 / 13 } },
      })),
    };
    expect(Buffer.byteLength(writeXmp(recipe))).toBeLessThanOrEqual(MAX_JPEG_XMP);
  });
});
