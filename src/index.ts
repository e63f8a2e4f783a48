import { app } from './app'
import { continueMoves, type UnfinishedMove } from './clock/consumer'
import { project } from './projection/consumer'
import { type DueMembers, sendBehind, sendDue, settleDue } from './projection/cron'
import type { Pointer } from './projection/projection'
import { continueRebuilds, sendUnfinished, type UnfinishedRebuild } from './rebuild/consumer'
import { finishRewinds } from './rewind/client'
import { actOnAll, type KeptEvent, sendForgotten } from './webhooks/consumer'

export { ImportJob } from './imports/object'
export { MemberLedger } from './ledger/object'
export { SignIn } from './sign-in/object'

/** The Worker. */
export default {
  fetch: app.fetch,

  async scheduled(_event, env) {
    const now = Date.now()
    const works = [
      sendDue(env, now),
      sendForgotten(env, now),
      sendUnfinished(env),
      sendBehind(env, now),
      finishRewinds(env, now),
    ]
    await Promise.all(works)
  },

  async queue(batch, env) {
    if (batch.queue === 'punchcard-settle') {
      await settleDue(batch as MessageBatch<DueMembers>, env)
    } else if (batch.queue === 'punchcard-clock') {
      await continueMoves(batch as MessageBatch<UnfinishedMove>, env)
    } else if (batch.queue === 'punchcard-rebuild') {
      await continueRebuilds(batch, env)
    } else if (batch.queue === 'punchcard-webhooks') {
      await actOnAll(batch as MessageBatch<KeptEvent>, env)
    } else {
      await project(batch as MessageBatch<Pointer>, env)
    }
  },
} satisfies ExportedHandler<
  Env,
  Pointer | DueMembers | UnfinishedMove | UnfinishedRebuild | KeptEvent
>
