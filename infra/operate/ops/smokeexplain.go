package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
)

// explain returns the fault for an unexpected response.
func (s *smoke) explain(r reply, at server) error {
	refused := r.problem()
	switch {
	case refused.Code != "":
		return s.explainProblem(r.status, refused, at)
	case r.platformCode() != "":
		return s.explainPlatform(r, at)
	case r.status == http.StatusAccepted:
		return fault{"the response is 202: Function Compute calls " + at.name + " asynchronously, so it responds before anything is stored",
			"remove the header X-Fc-Invocation-Type: Async, which a proxy or gateway in front of the function adds, or call the function's HTTP trigger synchronously"}
	case r.isRedirect():
		return fault{fmt.Sprintf("the server redirects (%d) to %q", r.status, s.quote(r.header.Get("Location"))), "use the address that it redirects to"}
	case r.isPage():
		return fault{fmt.Sprintf("the response %d is a web page and does not come from Device Trace (Server: %q)", r.status, s.quote(r.header.Get("Server"))),
			"check the address: another server, a proxy or a login page responds there"}
	case r.status == http.StatusOK:
		return fault{"the response is 200, but not from " + at.name + ": " + s.quote(string(r.body)),
			"if s.yaml has an initializer, remove it, because Function Compute responds with 200 when an initializer fails. Otherwise, check the address: another server responds there"}
	default:
		return s.explainStatus(r, at)
	}
}

// explainProblem returns the fault for an error response of Device Trace.
func (s *smoke) explainProblem(status int, refused problem, at server) error {
	what := fmt.Sprintf("%s responds with %d %s: %s", at.name, status, s.quote(refused.Code), s.quote(refused.Text))
	remedies := map[string]string{
		"Unauthorized":         at.name + " does not accept this " + at.variable + ": set it to the value that the function was deployed with, or deploy the function with this value",
		"Forbidden":            "this " + at.variable + " does not cover the instance " + string(s.instance) + ": use -instance to name one that it covers, or add the instance to " + at.variable + "S and deploy again",
		"InvalidConfiguration": "read the function's log: it names the variables that are wrong. Correct them and deploy again",
		"NotStarted":           "read the function's log, which says why it cannot start, and deploy again",
		"StoreForbidden":       "OSS responds with 403. Check that the function's role exists and has the policy in infra/operate/bucket, with the name of this bucket and prefix, and that the bucket belongs to your account. The function's log shows OSS's response",
		"NoSuchBucket":         "create the bucket in the functions' region, or set OSS_BUCKET to its name and deploy again",
		"WrongEndpoint":        "set REGION (OSS_REGION and OSS_ENDPOINT) to the bucket's region and deploy again",
		"LayoutMismatch":       "the function's log says what SHARDS must be, or how to repair the bucket; see \"Two layout markers\" in infra/operate/README.md",
		"StoreUnavailable":     "try again. If that does not help, read OSS's response in the function's log, and check OSS_ENDPOINT and the network (VPC) of the function",
		"TimedOut":             "try again. If that does not help, check the network (VPC) of the function: OSS responds too slowly",
		"Busy":                 "try again in a moment. If that does not help, the function is overloaded; functions/README.md describes its limits",
		"NotFound":             "check the address: it must be the root of the deployment, and /webhooks/* must lead to the recorder",
	}
	return fault{what, cmp.Or(remedies[refused.Code], "read the function's log")}
}

// explainPlatform returns the fault for an error response of Function Compute itself.
func (s *smoke) explainPlatform(r reply, at server) error {
	what := fmt.Sprintf("Function Compute responds with %d %s instead of %s", r.status, s.quote(r.platformCode()), at.name)
	switch {
	case r.status == http.StatusNotFound:
		return fault{what, "bind the custom domain to the functions, with the routes /webhooks/* and /* (s.yaml, customDomain), in the same region"}
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		return fault{what, "set authType of the HTTP trigger to anonymous and disableURLInternet to false, as s.yaml does: the function checks the token itself"}
	case r.status == http.StatusTooManyRequests, r.status == http.StatusServiceUnavailable:
		return fault{what, "no function instance is free: raise the account's quota of instances, and compare it with reservedConcurrency in s.yaml"}
	default:
		return fault{what, "read the function's log: the process failed, ran out of memory or took too long"}
	}
}

// explainStatus returns the fault for any other response.
func (s *smoke) explainStatus(r reply, at server) error {
	what := fmt.Sprintf("the response %d %s is not from %s: %s", r.status, http.StatusText(r.status), at.name, s.quote(string(r.body)))
	switch {
	case r.status == http.StatusBadRequest && bytes.Contains(r.body, []byte("HTTPS")):
		return fault{at.hostPort() + " speaks TLS, but the address begins with http://", "use https"}
	case r.status == http.StatusNotFound:
		return fault{what, "check the address, and that the custom domain is bound to the functions"}
	case r.status == http.StatusTooManyRequests, r.status == http.StatusServiceUnavailable:
		return fault{what, "try again in a moment"}
	case r.status == http.StatusBadGateway, r.status == http.StatusGatewayTimeout:
		return fault{what, "check the proxy or gateway in front of the function: it cannot reach the function"}
	default:
		return fault{what, "check the address: another server responds there"}
	}
}
