import { button, h, section } from './dom.js'
import { end, me } from './session.js'
import { words } from './words.js'

/** Sign out, take one's data along, leave. */
export function createAccount({ notice, onOut }) {
  const signOut = notice.tries('account', async () => {
    await me('POST', '/me/sign-out', { body: {} })
    end()
    onOut(words.signedOut)
  })
  const takeAlong = notice.tries('account', async () => {
    save(await me('GET', '/me/export'))
    notice.say(words.exported)
  })
  const leave = notice.tries('account', async () => {
    await me('DELETE', '/me')
    end()
    dialog.close()
    onOut(words.left_)
  })
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'leave-question' },
    h('p', { id: 'leave-question' }, words.leaveQuestion),
    h(
      'div',
      { class: 'row' },
      button(words.leaveNo, () => dialog.close(), { class: 'primary' }),
      button(words.leaveYes, leave, { class: 'danger' }),
    ),
  )
  const element = section(
    'account',
    words.accountTitle,
    h(
      'div',
      { class: 'row' },
      button(words.signOut, signOut, { key: 'sign-out' }),
      button(words.exportData, takeAlong, { key: 'export' }),
      button(words.leave, () => dialog.showModal(), { class: 'danger', key: 'leave' }),
    ),
    dialog,
  )
  return { element, show: () => {} }
}

function save(data) {
  const text = typeof data === 'string' ? data : JSON.stringify(data, null, 2)
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  h('a', { href: url, download: 'little-kettle.json' }).click()
  setTimeout(() => URL.revokeObjectURL(url), 1_000)
}
