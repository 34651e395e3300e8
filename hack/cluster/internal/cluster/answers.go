package cluster

import (
	"fmt"
	"net/http"
	"time"
)

// probe is a client that keeps no connection: each question is a new one.
var probe = &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// answers is nil when an HTTP endpoint on loopback says 200.
func answers(address, path string, headers map[string]string) error {
	request, err := http.NewRequest(http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return err
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := probe.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s%s answers %s", address, path, response.Status)
	}
	return nil
}
