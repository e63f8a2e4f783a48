/** An element with attributes, listeners (functions, by the name of their event) and children. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(key, value)
    } else if (value === true) {
      element.setAttribute(key, '')
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(key, value)
    }
  }
  element.append(...shown(children))
  return element
}

/** Gives `container` new children; who had the focus, known by `data-key`, has it afterwards. */
export function fill(container, ...children) {
  const had = container.contains(document.activeElement) ? document.activeElement : null
  container.replaceChildren(...shown(children))
  if (had === null || had.isConnected) {
    return
  }
  const key = had.dataset.key
  const again = key && container.querySelector(`[data-key="${CSS.escape(key)}"]`)
  const heading = container.closest('section')?.querySelector('[tabindex="-1"]')
  ;(again || heading)?.focus()
}

/** An SVG's text as a node of this document; scripts in it would not run. */
export function drawing(text) {
  const { documentElement } = new DOMParser().parseFromString(text, 'image/svg+xml')
  if (documentElement.nodeName !== 'svg') {
    throw new Error('Not an SVG.')
  }
  return document.importNode(documentElement, true)
}

/** A section with its heading, which can take the focus of what has gone from it. */
export function section(id, title, ...children) {
  const heading = h('h3', { id: `${id}-title`, tabindex: '-1' }, title)
  return h('section', { id, 'aria-labelledby': heading.id }, heading, ...children)
}

/** A button that does one thing at a time; `key` is its name for `fill`. */
export function button(label, act, { key, name = label, ...attributes } = {}) {
  const run = async () => {
    if (element.getAttribute('aria-disabled') === 'true') {
      return
    }
    // Not `disabled`: that would take the focus away.
    element.setAttribute('aria-disabled', 'true')
    try {
      await act()
    } finally {
      element.removeAttribute('aria-disabled')
    }
  }
  const element = h('button', { type: 'button', 'data-key': key, ...attributes, click: run }, label)
  if (name !== label) {
    element.setAttribute('aria-label', name)
  }
  return element
}

/** Lets a form be sent once at a time. */
export async function busy(form, act) {
  if (form.ariaBusy === 'true') {
    return
  }
  form.ariaBusy = 'true'
  try {
    await act()
  } finally {
    form.ariaBusy = 'false'
  }
}

const shown = (children) =>
  children.flat(2).filter((child) => child !== null && child !== undefined && child !== false)
