import { MadderError } from '../../shared/errors.ts';

/** Madder's own namespace in XMP packets. */
export const MADDER_NAMESPACE = 'urn:x-madder:1.0/';

/**
 * Longest packet that a JPEG carries, bytes. One APP1 segment has room for 65502 (XMP part 3, 1.1.3); libvips, which
 * writes our files, leaves packets of more than 60000 out without a word.
 */
export const MAX_JPEG_XMP = 60_000;

/** Longest packet that is read, characters: far beyond any recipe, and short enough to search at once. */
const MAX_PACKET = 16 * 2 ** 20;

/** An XMP packet that carries a recipe as compact JSON in `madder:recipe` (ISO 16684-1). */
export function writeXmp(recipe: unknown): string {
  return [
    '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    `<rdf:Description rdf:about="" xmlns:madder="${MADDER_NAMESPACE}">`,
    `<madder:recipe>${escapeText(JSON.stringify(recipe))}</madder:recipe>`,
    '</rdf:Description></rdf:RDF></x:xmpmeta>',
    '<?xpacket end="r"?>',
  ].join('');
}

/** Beyond XML's own characters, U+FFFE and U+FFFF may not occur in XML; inside JSON both can only stand in a text. */
const escapeText = (json: string): string =>
  json
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\uFFFE', '\\ufffe')
    .replaceAll('\uFFFF', '\\uffff');

/**
 * The recipe that a packet carries, as parsed JSON, or undefined where it carries none. Other programs may have
 * rewritten the packet: the prefix may differ, and the property may have become an attribute.
 *
 * This is a scanner and no XML parser: one pass from left to right, nothing is expanded but the five predefined entities
 * and character references, nothing is fetched. A packet with a document type, which XMP never has, is refused.
 *
 * @throws MadderError `input` where there is a recipe that cannot be read
 */
export function readXmp(packet: string): unknown {
  if (packet.length > MAX_PACKET) throw broken('it is longer than any recipe');
  const prefixes = new Set<string>();
  for (let at = packet.indexOf('<'); at >= 0; at = packet.indexOf('<', at)) {
    const skipped = skipMarkup(packet, at);
    if (skipped > at) {
      at = skipped;
      continue;
    }
    const tag = readTag(packet, at);
    for (const [name, value] of tag.attributes) {
      if (name.startsWith('xmlns:') && unescapeText(value) === MADDER_NAMESPACE) prefixes.add(name.slice(6));
    }
    for (const [name, value] of tag.attributes) if (isRecipe(name, prefixes)) return parse(unescapeText(value));
    if (isRecipe(tag.name, prefixes)) {
      const end = packet.indexOf('<', tag.end);
      if (end < 0 || !packet.startsWith(`</${tag.name}`, end)) throw broken('it is cut off or contains other markup');
      return parse(unescapeText(packet.slice(tag.end, end)));
    }
    at = tag.end;
  }
  return undefined;
}

const isRecipe = (name: string, prefixes: ReadonlySet<string>): boolean => {
  const colon = name.indexOf(':');
  return colon > 0 && name.slice(colon + 1) === 'recipe' && prefixes.has(name.slice(0, colon));
};

/** Where markup that is no element's start ends: comments, processing instructions, CDATA and end tags; else `at`. */
function skipMarkup(packet: string, at: number): number {
  for (const [open, close] of [
    ['<!--', '-->'],
    ['<![CDATA[', ']]>'],
    ['<?', '?>'],
    ['</', '>'],
  ] as const) {
    if (!packet.startsWith(open, at)) continue;
    const end = packet.indexOf(close, at + open.length);
    return end < 0 ? packet.length : end + close.length;
  }
  if (packet.startsWith('<!', at)) throw broken('it declares a document type, which XMP does not have');
  return at;
}

interface Tag {
  readonly name: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** Behind the `>`. */
  readonly end: number;
}

const NAME_END = new Set(' \t\r\n/>=<"\'');
const SPACE = new Set(' \t\r\n/');

/** A start tag; every character is looked at once. */
function readTag(packet: string, start: number): Tag {
  let at = start + 1;
  const word = (): string => {
    const from = at;
    while (at < packet.length && !NAME_END.has(packet[at]!)) at++;
    return packet.slice(from, at);
  };
  const skipSpace = () => {
    while (at < packet.length && SPACE.has(packet[at]!)) at++;
  };
  const name = word();
  const attributes: [string, string][] = [];
  for (skipSpace(); packet[at] !== '>'; skipSpace()) {
    const key = word();
    skipSpace();
    const quote = packet[at + 1 + spacesAfter(packet, at + 1)];
    if (key === '' || packet[at] !== '=' || (quote !== '"' && quote !== "'")) throw broken('its markup is damaged');
    const from = at + 2 + spacesAfter(packet, at + 1);
    const end = packet.indexOf(quote, from);
    if (end < 0) throw broken('its markup is cut off');
    attributes.push([key, packet.slice(from, end)]);
    at = end + 1;
  }
  return { name, attributes, end: at + 1 };
}

function spacesAfter(packet: string, from: number): number {
  let at = from;
  while (at < packet.length && SPACE.has(packet[at]!)) at++;
  return at - from;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text with the predefined entities and character references resolved; there are no others. */
function unescapeText(text: string): string {
  return text.replaceAll(/&([^;&]{0,10});?/g, (whole, name: string) => {
    const entity = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    if (entity !== undefined && whole.endsWith(';')) return entity;
    const [, hexadecimal, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name) ?? [];
    const code = hexadecimal ? Number.parseInt(hexadecimal, 16) : decimal ? Number(decimal) : NaN;
    if (!whole.endsWith(';') || !(code <= 0x10ffff)) throw broken(`it uses the unknown entity "${whole}"`);
    return String.fromCodePoint(code);
  });
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw broken('it is not JSON', cause);
  }
}

const broken = (why: string, cause?: unknown): MadderError =>
  new MadderError('input', `The recipe in the picture cannot be read: ${why}.`, { cause });
