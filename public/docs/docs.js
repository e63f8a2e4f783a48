const ui = window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  requestInterceptor: withFreshKey,
  showExtensions: true,
  tryItOutEnabled: true,
  validatorUrl: null,
})

/** Sends a fresh Idempotency-Key where the example was left as it stands: that one would soon be a used one. */
function withFreshKey(request) {
  const name = 'Idempotency-Key'
  const given = request.headers?.[name]
  if (given !== undefined && given === example(name)) {
    request.headers[name] = crypto.randomUUID()
  }
  return request
}

/** What openapi.json shows as the value of a parameter. */
function example(parameter) {
  return ui.specSelectors.specJson().getIn(['components', 'parameters', parameter, 'example'])
}
