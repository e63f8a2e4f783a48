import { database } from '../db/client'
import { indexHash } from '../members/contact'
import { sealText } from '../members/seal'
import type { Program } from '../program/program'
import { fail, ok, type Result } from '../result'
import type { Message } from './message'
import { insertMessage } from './store'

/** What brings messages to people: one method, so that another channel is another sender. */
export interface Sender {
  send(message: Message): Promise<void>
}

/** Who sends on a channel of a program: the outbox for a test program, else Cloudflare's e-mail. */
export function senderFor(env: Env, program: Program, channel: Message['channel']): Result<Sender> {
  if (program.mode === 'test') {
    return ok(outbox(env, program))
  }
  const from: string = env.EMAIL_FROM
  if (channel === 'email' && from !== '') {
    return ok(mail(env, { name: program.name, email: from }))
  }
  const what = { email: 'e-mail', phone: 'text messages' }[channel]
  const detail = `This deployment sends no ${what}.`
  return fail('validation_failed', detail, [{ pointer: `#/${channel}`, detail }])
}

/** Cloudflare Email Service. */
const mail = ({ EMAIL }: Env, from: EmailAddress): Sender => ({
  async send({ to, subject, text }) {
    try {
      await EMAIL.send({ from, to, subject, text })
    } catch {
      // Its message may quote the address, which is not for the log.
      throw Object.assign(new Error('The e-mail could not be sent'), { retryable: true })
    }
  },
})

/** What a test program would have sent: in the log, and in `GET /v1/outbox`. */
const outbox = (env: Env, { id: programId }: Program): Sender => ({
  async send(message) {
    const createdAt = Date.now()
    const { channel, to } = message
    // oxlint-disable-next-line no-console -- a test program has nobody else to tell.
    console.log(`Outbox of ${programId}: ${message.subject}`)
    await insertMessage(database(env, { programId }), {
      programId,
      createdAt,
      contactHash: await indexHash(env.PROFILE_KEY, programId, channel, to),
      body: await sealText(env.PROFILE_KEY, programId, 'message', JSON.stringify(message)),
    })
  },
})
