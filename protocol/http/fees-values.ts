import * as v from 'valibot';

/** A day, `yyyy-mm-dd`. */
export const daySchema = v.pipe(v.string(), v.isoDate('must be a day, yyyy-mm-dd'));
/** A number of zero or more with at most six decimals, as text. */
export const quantitySchema = v.pipe(
  v.string(),
  v.regex(/^\d{1,12}(?:\.\d{1,6})?$/, 'must be a number, such as 1203.5'),
);
