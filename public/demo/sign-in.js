import { busy, button, fill, h } from './dom.js'
import { begin, visitor } from './session.js'
import { locale, words } from './words.js'

const state = { contact: 'li.wei@example.com', isSent: false, code: '' }

/** How the API takes what was typed. */
const identity = (contact) => (contact.includes('@') ? { email: contact } : { phone: contact })

/** The way in: a contact, then the code that was sent there. */
export function createSignIn({ notice, onSent, onIn }) {
  const form = h('form', { class: 'sign-in' })
  const element = h(
    'section',
    { class: 'welcome', 'aria-labelledby': 'sign-in-title' },
    h('h3', { id: 'sign-in-title', tabindex: '-1' }, words.signInTitle),
    h('p', { class: 'lead' }, words.signInLead),
    form,
  )

  const send = notice.tries('sign-in', async () => {
    state.contact = form.elements.contact.value.trim()
    await visitor('/me/sign-in', { ...identity(state.contact), locale: locale() })
    Object.assign(state, { isSent: true, code: '' })
    show()
    form.elements.code.focus()
    notice.say(words.codeSentTo(state.contact))
    onSent()
  })

  const verify = notice.tries('verify', async () => {
    const code = form.elements.code.value.trim()
    const body = { ...identity(state.contact), code, locale: locale() }
    const tokens = await visitor('/me/sign-in/verify', body)
    begin(tokens)
    Object.assign(state, { isSent: false, code: '' })
    await onIn(tokens.isNew)
  })

  const back = () => {
    state.isSent = false
    show()
    form.elements.contact.focus()
  }

  const show = () => fill(form, ...(state.isSent ? codeFields(back) : contactFields()))

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void busy(form, state.isSent ? verify : send)
  })
  form.addEventListener('input', () => {
    state.code = form.elements.code?.value ?? ''
  })
  show()

  /** Types a code that came by message. */
  const enterCode = (code) => {
    if (state.isSent) {
      form.elements.code.value = code
      state.code = code
      form.elements.code.focus()
    }
  }
  return { element, enterCode }
}

const contactFields = () => [
  h(
    'label',
    {},
    words.contact,
    h('input', {
      name: 'contact',
      value: state.contact,
      required: true,
      autocomplete: 'username',
      'data-key': 'contact',
      spellcheck: 'false',
    }),
  ),
  h('button', { class: 'primary', 'data-key': 'send' }, words.sendCode),
]

const codeFields = (back) => [
  h('p', { class: 'hint' }, words.codeSentTo(state.contact)),
  h(
    'label',
    {},
    words.code,
    h('input', {
      name: 'code',
      class: 'code',
      value: state.code,
      required: true,
      inputmode: 'numeric',
      autocomplete: 'one-time-code',
      maxlength: '6',
      'data-key': 'code',
    }),
  ),
  h('button', { class: 'primary', 'data-key': 'send' }, words.signIn),
  button(words.otherContact, back, { class: 'quiet', key: 'back' }),
]
