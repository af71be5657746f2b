// Where the parts of a timeline are, in pixels.

export const side = 14; // beside the first and the last instant, for what is drawn at them
export const markSize = 14;
export const barHeight = 44;
export const stripHeight = 6;
export const perLetter = 6.4; // roughly the width of a letter

const axisHeight = 34;

// rowsOf returns the top of each row. Without refused logins there is no row of marks.
export function rowsOf(report) {
  const top = report.refusals.length ? markSize + 10 : 6;
  const axis = top + barHeight + stripHeight + 10;
  return { top, bar: top, strip: top + barHeight + 6, axis, height: axis + axisHeight };
}
