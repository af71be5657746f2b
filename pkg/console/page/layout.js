// The layout of a timeline, in pixels.

// side is the left and right margin. Marks and labels at the first and last instant extend into it.
export const side = 14;
export const markSize = 14;
export const barHeight = 44;
export const stripHeight = 6;
export const perLetter = 6.4; // the approximate width of a letter

const axisHeight = 34;
const labelHeight = 16;

// rowsOf returns the vertical position of each row, and the total height. If there are no refused
// logins, the row of their marks is left out. The row for the label of an instant is there only if
// hasInstant is true.
export function rowsOf(report, hasInstant) {
  const marks = hasInstant ? labelHeight : 0;
  const top = marks + (report.refusals.length ? markSize + 10 : 6);
  const axis = top + barHeight + stripHeight + 10;
  return { marks, top, bar: top, strip: top + barHeight + 6, axis, height: axis + axisHeight };
}
