/** Kinds of an inspection's photos. */
export const photoKinds = ['rear', 'seal', 'other'] as const;
/** Header of PUT …/photos/:photoId that names the kind. */
export const photoKindHeader = 'x-photo-kind';
