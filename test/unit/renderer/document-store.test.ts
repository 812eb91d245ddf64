import { describe, expect, test } from 'vitest';
import { createDocumentStore } from '../../../src/renderer/stores/document.ts';
import { addStyle, chooseNetwork, reset, set, setPhoto } from '../../../src/renderer/stores/edits.ts';
import { emptyDocument } from '../../../src/shared/studio/document.ts';
import { NETWORK, picture } from './fake/snapshot.ts';

const store = () => createDocumentStore(emptyDocument(NETWORK.id));
const past = (documents: ReturnType<typeof store>): number => documents.history.getState().pastStates.length;

describe('the document', () => {
  test('undoes and redoes pictures and settings', () => {
    const documents = store();
    documents.edit((draft) => setPhoto(draft, picture('a')));
    documents.edit((draft) => set(draft, 'size', 1024));
    documents.undo();
    expect(documents.getState().document.settings.size).toBeUndefined();
    documents.undo();
    expect(documents.getState().document.photo).toBeNull();
    documents.redo();
    documents.redo();
    expect(documents.getState().document).toMatchObject({ photo: picture('a'), settings: { size: 1024 } });
  });

  test('takes a drag as one step, back to where it began', () => {
    const documents = store();
    documents.edit((draft) => set(draft, 'style', 1));
    documents.beginGesture();
    for (const value of [2, 3, 4]) documents.edit((draft) => set(draft, 'style', value));
    documents.endGesture();
    expect(past(documents)).toBe(2);
    documents.undo();
    expect(documents.getState().document.settings.style).toBe(1);
    documents.redo();
    expect(documents.getState().document.settings.style).toBe(4);
  });

  test('takes no step for a drag that changes nothing, or is called off', () => {
    const documents = store();
    documents.beginGesture();
    documents.endGesture();
    documents.beginGesture();
    documents.edit((draft) => set(draft, 'style', 9));
    documents.cancelGesture();
    expect(past(documents)).toBe(0);
    expect(documents.getState().document.settings).toEqual({});
  });

  test('counts an edit that changes nothing as none', () => {
    const documents = store();
    documents.edit((draft) => reset(draft, 'style'));
    expect(past(documents)).toBe(0);
  });

  test('a drag ends what could be redone', () => {
    const documents = store();
    documents.edit((draft) => set(draft, 'style', 1));
    documents.undo();
    documents.beginGesture();
    documents.edit((draft) => set(draft, 'style', 2));
    documents.endGesture();
    expect(documents.history.getState().futureStates).toEqual([]);
  });

  test('an undo in the middle of a drag takes back the drag', () => {
    const documents = store();
    documents.beginGesture();
    documents.edit((draft) => set(draft, 'style', 2));
    documents.undo();
    expect(documents.getState().document.settings).toEqual({});
  });

  test('another document has no history', () => {
    const documents = store();
    documents.edit((draft) => set(draft, 'style', 1));
    documents.load(emptyDocument('other'));
    documents.undo();
    expect(documents.getState().document.network).toBe('other');
  });
});

describe('edits', () => {
  test('a painting is in the mix once', () => {
    const documents = store();
    documents.edit((draft) => void addStyle(draft, picture('b')));
    documents.edit((draft) => void addStyle(draft, picture('b')));
    expect(documents.getState().document.styles).toHaveLength(1);
  });

  test('layers of the old network go with it, unless the new one has them', () => {
    const documents = store();
    documents.edit((draft) => set(draft, 'styleLayers', { relu1_1: 2 }));
    documents.edit((draft) => chooseNetwork(draft, { ...NETWORK, id: 'sibling' }));
    expect(documents.getState().document.settings.styleLayers).toEqual({ relu1_1: 2 });
    documents.edit((draft) => chooseNetwork(draft, { ...NETWORK, id: 'resnet50', layers: [] }));
    expect(documents.getState().document).toMatchObject({ network: 'resnet50', settings: {} });
  });
});
