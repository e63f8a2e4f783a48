import { html } from 'hono/html'

/** The demo storefront; `/demo/demo.js` fills it. */
export const page = html`<!doctype html>
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>Little Kettle</title>
      <link rel="icon" href="data:," />
      <link rel="stylesheet" href="/demo/demo.css" />
      <script type="module" src="/demo/demo.js"></script>
    </head>
    <body>
      <div id="demo"></div>
      <noscript>This page needs JavaScript.</noscript>
    </body>
  </html>`
