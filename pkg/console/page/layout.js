// The layout of a timeline, in pixels.

// side is the left and right margin. Marks and labels at the first and last instant extend into it.
export const side = 14;
export const markSize = 14;
export const barHeight = 44;
export const stripHeight = 6;
export const perLetter = 6.4; // the approximate width of a letter

const axisHeight = 34;

// rowsOf returns the vertical position of each row, and the total height. If there are no refused
// logins, the row of their marks is left out.
export function rowsOf(report) {
  const top = report.refusals.length ? markSize + 10 : 6;
  const axis = top + barHeight + stripHeight + 10;
  return { top, bar: top, strip: top + barHeight + 6, axis, height: axis + axisHeight };
}
