// npm run bench:fsync: fails when an award waits for the disk more often than a bare increment does.
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { quit } from '../bin/local.ts'
import { serve } from './server.ts'

const CALLS = 50
const traceFile = '.wrangler/fsync.txt'

if (spawnSync('strace', ['-V']).status !== 0) {
  console.log('Skipped: this needs strace (apt-get install strace).')
  process.exit()
}

const { award, increment, stop } = await serve()
// The first award arms the alarm, which the local runtime notes in a file of its own.
await award()
await increment()
const pid = spawnSync('pgrep', ['-n', '-P', `${process.pid}`, 'workerd'], {
  encoding: 'utf8',
}).stdout
const options = ['-f', '-y', '-e', 'trace=fsync,fdatasync', '-o', traceFile, '-p', pid.trim()]
const trace = spawn('strace', options, { stdio: ['ignore', 'ignore', 'pipe'] })
const first = await new Promise<string>((resolve) =>
  trace.stderr.once('data', (data) => resolve(String(data))),
)
if (!first.includes('attached')) {
  console.log(`Skipped: ${first.trim()}`)
  await stop()
  process.exit()
}
for (let i = 0; i < CALLS; i++) {
  await award()
  await increment()
}
await sleep(500)
trace.kill('SIGINT')
await new Promise((resolve) => trace.once('exit', resolve))
await stop()

const lines = readFileSync(traceFile, 'utf8').split('\n')
const count = (object: string) => lines.filter((line) => line.includes(`${object}/`)).length / CALLS
const [one, other] = [count('MemberLedger'), count('Bare')]
const figure = `fsyncs: ${one} an award, ${other} an increment`
if (other === 0 || one > other) {
  quit(`${figure}: over budget.`)
}
console.log(figure)
