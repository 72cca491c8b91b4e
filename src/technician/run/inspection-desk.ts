import type { Journal } from './journal.ts';
import type { InspectionDraft, PhotoNote } from './observation.ts';

/** Where the draft is kept. */
export interface DraftStore {
  readonly ticketId: string;
  read(): InspectionDraft | undefined;
  write(draft: InspectionDraft): void;
}

/** Photos that one inspection may have. */
export const photosMax = 8;

const emptyDraft: InspectionDraft = {
  sealFound: '',
  sealNew: '',
  numberSame: false,
  note: '',
  photos: [],
  isReady: false,
};

/** The inspection as it is written down; every change is in the journal at once. */
export class InspectionDesk {
  readonly #journal: Journal;
  readonly #newId: () => string;
  readonly #wallNow: () => number;
  readonly #store: DraftStore;

  constructor(journal: Journal, newId: () => string, wallNow: () => number, store: DraftStore) {
    this.#journal = journal;
    this.#newId = newId;
    this.#wallNow = wallNow;
    this.#store = store;
  }

  get draft(): InspectionDraft {
    return this.#store.read() ?? emptyDraft;
  }

  change(changes: Partial<InspectionDraft>): void {
    this.#store.write({ ...this.draft, ...changes });
  }

  /** Keeps a photo; a rear or seal photo replaces the earlier one of its kind. */
  async addPhoto(kind: PhotoNote['kind'], photo: Blob): Promise<void> {
    const id = this.#newId();
    await this.#journal.writePhoto(id, this.#store.ticketId, photo);
    const kept = this.draft.photos.filter((note) => kind === 'other' || note.kind !== kind);
    const replaced = this.draft.photos.filter((note) => !kept.includes(note));
    const note = { id, kind, takenAtMs: this.#wallNow(), sizeBytes: photo.size };
    this.change({ photos: [...kept, note].slice(-photosMax) });
    for (const old of replaced) await this.#journal.removePhoto(old.id);
  }

  async removePhoto(id: string): Promise<void> {
    this.change({ photos: this.draft.photos.filter((note) => note.id !== id) });
    await this.#journal.removePhoto(id);
  }

  /** The bytes of a photo, for its preview. */
  photo(id: string): Promise<Blob | undefined> {
    return this.#journal.readPhoto(id);
  }

  /** What is still missing before it can be sent, in the order of the form. */
  get missing(): readonly ('rear' | 'seal' | 'seal-found' | 'seal-new' | 'number')[] {
    const { photos, sealFound, sealNew, numberSame } = this.draft;
    const hasPhoto = (kind: PhotoNote['kind']): boolean => photos.some((note) => note.kind === kind);
    return [
      ...(hasPhoto('rear') ? [] : (['rear'] as const)),
      ...(hasPhoto('seal') ? [] : (['seal'] as const)),
      ...(sealFound.trim() === '' ? (['seal-found'] as const) : []),
      ...(sealNew.trim() === '' ? (['seal-new'] as const) : []),
      ...(numberSame ? [] : (['number'] as const)),
    ];
  }

  /** The person sends it. */
  send(): void {
    if (this.missing.length === 0) this.change({ isReady: true });
  }
}
