package groqtest

import "time"

// limitMessage is a 429 in Groq's words.
const limitMessage = "Rate limit reached for model `test-model` in organization `org_1` service tier `on_demand` " +
	"on tokens per minute (TPM): Limit 6000, Used 5900, Requested 351. Please try again in 20s."

// failing answers the first n requests by fail and the others well.
func failing(n int, fail func(*Exchange)) func(*Exchange) {
	return func(x *Exchange) {
		if x.N <= n {
			fail(x)
			return
		}
		x.Reply(Text)
	}
}

// limited answers 429 with one header.
func limited(header, value string) func(*Exchange) {
	return func(x *Exchange) {
		setLimits(x.W.Header(), 14000, 0)
		x.W.Header().Set(header, value)
		x.Error(429, "tokens", "rate_limit_exceeded", limitMessage)
	}
}

func status(code int, kind, errCode, message string) func(*Exchange) {
	return func(x *Exchange) { x.Error(code, kind, errCode, message) }
}

// retries are scenarios that a second or third attempt must cure, or that must
// fail at once because the wait is too long.
func retries() []Scenario {
	cured := func(name string, requests int, fail func(*Exchange)) Scenario {
		return Scenario{Name: name, Serve: failing(requests-1, fail), Text: Text, Requests: requests}
	}
	return []Scenario{
		cured("429 with Retry-After twice", 3, limited("Retry-After", "1")),
		cured("429 with retry-after-ms", 2, limited("Retry-After-Ms", "300")),
		{
			Name: "429 with Retry-After over the cap", Serve: failing(1, limited("Retry-After", "20")),
			MaxWait: 3 * time.Second, Failure: Limited, Requests: 1, Wait: 20 * time.Second, Says: "wait 20s",
		},
		cured("498 once", 2, status(498, "capacity", "capacity_exceeded", "no flex capacity")),
		cured("503 once", 2, status(503, "internal_server_error", "", "overloaded")),
		cured("connection reset at first", 2, (*Exchange).Reset),
	}
}

// refusals are scenarios that must end in a typed error.
func refusals() []Scenario {
	return []Scenario{
		{
			Name: "HTML 502", Failure: Broken, Requests: 3, Says: "<html>Bad Gateway",
			Serve: func(x *Exchange) { x.Answer(502, "text/html", "<html>Bad Gateway</html>") },
		},
		{
			Name: "empty 500", Failure: Broken, Requests: 3, Says: "500 Internal Server Error",
			Serve: func(x *Exchange) { x.Answer(500, "text/plain", "") },
		},
		{
			Name: "413 over the token budget", Failure: Limited, Requests: 1, Says: "waiting does not help",
			Serve: status(413, "tokens", "rate_limit_exceeded", "Request too large for model `test-model` "+
				"on tokens per minute (TPM): Limit 6000, Requested 14810, please reduce your message size and try again."),
		},
		{
			Name: "400 with failed_generation", Failure: Refused, Requests: 1, Says: "tool_use_failed",
			Serve: func(x *Exchange) {
				x.Answer(400, "application/json", `{"error":{"message":"Failed to call a function.",`+
					`"type":"invalid_request_error","code":"tool_use_failed","failed_generation":"<function=add>"}}`)
			},
		},
	}
}
