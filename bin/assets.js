// Copies Swagger UI beside our own page. Plain JavaScript: `npm install --omit=dev` runs it on whatever Node there is.
import { copyFileSync, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const from = new URL('../node_modules/swagger-ui-dist/', import.meta.url)
const to = new URL('../public/docs/', import.meta.url)

if (existsSync(fileURLToPath(from))) {
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js']) {
    copyFileSync(new URL(file, from), new URL(file, to))
  }
}
