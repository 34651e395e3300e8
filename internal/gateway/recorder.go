package gateway

import (
	"io"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"atrium.dev/atrium/tenant-app/contract"
)

// recorder notes what goes back to the client and when it begins.
type recorder struct {
	*caddyhttp.ResponseWriterWrapper
	requestID string
	now       func() time.Time
	start     time.Time

	status    int // 0: nothing was sent
	bytes     int64
	firstByte time.Duration // until the header of the answer
}

func record(w http.ResponseWriter, requestID string, now func() time.Time, start time.Time) *recorder {
	return &recorder{
		ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w},
		requestID:             requestID, now: now, start: start,
	}
}

// WriteHeader passes the status on. Early hints are no answer yet.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
		r.firstByte = r.now().Sub(r.start)
		h := r.Header()
		h.Set(contract.HeaderRequestID, r.requestID)
		h.Del("Server")
		h.Del("Via")
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.begin()
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the fast path of large files.
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	r.begin()
	n, err := r.ResponseWriterWrapper.ReadFrom(src)
	r.bytes += n
	return n, err
}

func (r *recorder) begin() {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
}
