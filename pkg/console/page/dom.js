// This module is the only one that creates elements. Strings from devices and brokers become text
// nodes and plain attributes, so that none of them can become markup.

const svgNamespace = 'http://www.w3.org/2000/svg';

// el creates an HTML element: el('p', { class: 'note', on: { click } }, 'text', node).
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

// svg creates an SVG element from the same arguments as el.
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNamespace, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'on') {
      for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    } else if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? '' : value);
    }
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

// unbroken returns an element that keeps its text on one line.
export const unbroken = (text) => el('span', { class: 'unbroken' }, text);

export const byId = (id) => document.getElementById(id);
