/** Whether a key calls too often. A limiter that fails lets pass: it protects the shop's till, it must not stop it. */
export async function isLimited(limiter: RateLimit, key: string): Promise<boolean> {
  try {
    return !(await limiter.limit({ key })).success
  } catch {
    return false
  }
}
