interface Problem {
  code: string
  detail: string
  errors?: { pointer: string; detail: string }[]
}

/** A call that Punchcard refused; the message says why, line by line. */
export class Refused extends Error {
  readonly status: number

  constructor(status: number, { code, detail, errors = [] }: Problem) {
    const faults = errors.map((fault) => `\n  ${fault.pointer}: ${fault.detail}`)
    super(`${status} ${code}: ${detail}${faults.join('')}`)
    this.status = status
  }
}

/** Calls Punchcard and returns the answer's JSON; throws `Refused` for any status from 400 on. */
export const call = async <T>(url: string, key: string, init: RequestInit = {}): Promise<T> => {
  const headers = new Headers(init.headers)
  headers.set('authorization', `Bearer ${key}`)
  headers.set('content-type', 'application/json')
  const response = await fetch(url, { ...init, headers })
  const text = await response.text()
  if (response.ok) {
    return JSON.parse(text) as T
  }
  const isProblem = response.headers.get('content-type')?.includes('json')
  const problem: Problem = isProblem ? JSON.parse(text) : { code: 'no_problem', detail: text }
  throw new Refused(response.status, problem)
}

export interface NewProgram {
  name: string
  mode: string
  currency: string
  timeZone: string
  country?: string
  clock?: string
}

/** Creates a program with the deployment's root key: its id and its first secret key, shown once. */
export const createProgram = (url: string, rootKey: string, program: NewProgram) =>
  call<{ id: string; key: string }>(`${url}/v1/programs`, rootKey, {
    method: 'POST',
    body: JSON.stringify(program),
  })
