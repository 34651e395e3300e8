package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// What a signed call carries besides its body.
const (
	HeaderTime      = "X-Atrium-Time"      // seconds since 1970
	HeaderSignature = "X-Atrium-Signature" // hex HMAC-SHA256 of the time, a point and the body
)

// hooked is the body of a signed call.
type hooked struct {
	V     int       `json:"v"`
	ID    kernel.ID `json:"id"` // the same again is the same message
	Kind  string    `json:"kind"`
	To    string    `json:"to"`
	Title string    `json:"title"`
	Text  string    `json:"text"`
	Link  string    `json:"link"`
	At    time.Time `json:"at"`
}

// Sign gives the signature of a body, for whoever checks calls.
func Sign(secret, seconds string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// hook hands a letter to the company's own gate to WeCom, DingTalk, Feishu or SMS.
func (s *Service) hook(ctx context.Context, to Hook, kind, address string, l letter) error {
	now := s.Clock()
	body, err := json.Marshal(hooked{V: 1, ID: l.ID, Kind: kind, To: address, Title: l.Title, Text: l.Text, Link: l.Link, At: now})
	if err != nil {
		return fmt.Errorf("write a message for %s: %w", kind, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("prepare a message for %s: %w", kind, err)
	}
	seconds := strconv.FormatInt(now.Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(HeaderTime, seconds)
	r.Header.Set(HeaderSignature, Sign(to.Secret, seconds, body))
	reply, err := s.client.Do(r)
	if err != nil {
		return fmt.Errorf("hand a message to %s: %w", kind, err)
	}
	defer func() { _ = reply.Body.Close() }()
	if reply.StatusCode < 200 || reply.StatusCode > 299 {
		return fmt.Errorf("hand a message to %s: it answers %d", kind, reply.StatusCode)
	}
	return nil
}
