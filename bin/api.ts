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

const answerOf = async (url: string, key: string, init: RequestInit): Promise<Response> => {
  const headers = new Headers(init.headers)
  headers.set('authorization', `Bearer ${key}`)
  if (!headers.has('content-type')) {
    headers.set('content-type', 'application/json')
  }
  const response = await fetch(url, { ...init, headers }).catch((error: Error) => {
    throw new Error(`${new URL(url).origin} cannot be reached.`, { cause: error })
  })
  if (response.ok) {
    return response
  }
  const text = await response.text()
  const isProblem = response.headers.get('content-type')?.includes('json')
  const problem: Problem = isProblem ? JSON.parse(text) : { code: 'no_problem', detail: text }
  throw new Refused(response.status, problem)
}

/** Calls Punchcard, with JSON unless the headers say otherwise, and returns the answer's JSON; throws `Refused` for any status from 400 on. */
export const call = async <T>(url: string, key: string, init: RequestInit = {}): Promise<T> =>
  (await (await answerOf(url, key, init)).json()) as T

/** A page of text, and what its `Link` header says of the next. */
export interface Page {
  text: string
  link: string | null
}

/** Reads a page of text; throws as `call`. */
export const pageAt = async (url: string, key: string): Promise<Page> => {
  const response = await answerOf(url, key, {})
  return { text: await response.text(), link: response.headers.get('link') }
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
