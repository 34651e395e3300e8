package env

import "net/http"

// RoundTripper is a way to a server that is one function: tests look at requests,
// hold them up or answer them there.
type RoundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f RoundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
