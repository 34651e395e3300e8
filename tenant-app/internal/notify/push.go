package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/SherClockHolmes/webpush-go"
)

const (
	vapidKey    = "notify.vapid"
	pushLife    = 12 * 60 * 60 // seconds that a push service keeps a message for a browser that is off
	maxBrowsers = 10
)

// keys sign what goes to push services: browsers take messages of this company alone.
type keys struct {
	Public  string `json:"public"`
	Private string `json:"private"` // sealed
}

// keys are the company's, made when they are first asked for.
func (s *Service) keys(ctx context.Context) (keys, error) {
	var k keys
	revision, err := s.DB.Setting(ctx, vapidKey, &k)
	if err != nil || revision > 0 {
		return k, err
	}
	if k.Private, k.Public, err = webpush.GenerateVAPIDKeys(); err != nil {
		return k, fmt.Errorf("make keys for push messages: %w", err)
	}
	if k.Private, err = s.Sealer.Seal(vapidPlace, k.Private); err != nil {
		return k, err
	}
	if err := s.DB.DecideOnce(ctx, vapidKey, k, s.Clock()); err != nil {
		return k, err
	}
	_, err = s.DB.Setting(ctx, vapidKey, &k) // another replica may have been quicker
	return k, err
}

// Subscription is a browser that takes messages, as it describes itself.
type Subscription struct {
	Endpoint string `json:"endpoint" maxLength:"2000" format:"uri"`
	Keys     struct {
		P256DH string `json:"p256dh" maxLength:"200"`
		Auth   string `json:"auth" maxLength:"100"`
	} `json:"keys"`
}

// Subscribe keeps a browser of the person behind the request, until its session ends.
// Codes subscription_invalid, browsers_too_many.
func (s *Service) Subscribe(ctx context.Context, who kernel.Principal, sub Subscription) error {
	at, err := url.Parse(sub.Endpoint)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || strings.ContainsFunc(sub.Endpoint, func(r rune) bool { return r < ' ' }) {
		return kernel.Invalid("subscription_invalid").OnField("body.endpoint")
	}
	var count int
	if err := s.DB.Q(ctx).NewRaw(`SELECT count(*) FROM push_subscription WHERE person_id = ? AND endpoint <> ?`, who.PersonID, sub.Endpoint).Scan(ctx, &count); err != nil {
		return fmt.Errorf("count browsers: %w", err)
	}
	if count >= maxBrowsers {
		return kernel.Conflict("browsers_too_many").With("max", maxBrowsers)
	}
	_, err = s.DB.Q(ctx).NewRaw(`INSERT INTO push_subscription (id, person_id, session_id, endpoint, p256dh, auth, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (endpoint) DO UPDATE SET person_id = EXCLUDED.person_id, session_id = EXCLUDED.session_id, p256dh = EXCLUDED.p256dh, auth = EXCLUDED.auth`,
		kernel.NewID(), who.PersonID, who.SessionID, sub.Endpoint, kernel.CleanText(sub.Keys.P256DH), kernel.CleanText(sub.Keys.Auth), s.Clock()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep a browser: %w", err)
	}
	return nil
}

// Unsubscribe forgets a browser of a person.
func (s *Service) Unsubscribe(ctx context.Context, person kernel.ID, endpoint string) error {
	if _, err := s.DB.Q(ctx).NewRaw(`DELETE FROM push_subscription WHERE person_id = ? AND endpoint = ?`, person, kernel.CleanText(endpoint)).Exec(ctx); err != nil {
		return fmt.Errorf("forget a browser: %w", err)
	}
	return nil
}

// browsers says how many take messages for a person; code browsers_none.
func (s *Service) browsers(ctx context.Context, person kernel.ID) (string, error) {
	subs, err := s.subscriptions(ctx, person)
	if err != nil {
		return "", err
	}
	if len(subs) == 0 {
		return "", kernel.Conflict("browsers_none")
	}
	return strconv.Itoa(len(subs)), nil
}

type subscriptionRow struct {
	Endpoint string `bun:"endpoint"`
	P256DH   string `bun:"p256dh"`
	Auth     string `bun:"auth"`
}

func (s *Service) subscriptions(ctx context.Context, person kernel.ID) ([]subscriptionRow, error) {
	var rows []subscriptionRow
	err := s.DB.Q(ctx).NewRaw(`SELECT endpoint, p256dh, auth FROM push_subscription WHERE person_id = ? ORDER BY id`, person).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the browsers of a person: %w", err)
	}
	return rows, nil
}

// pushed is what the page's service worker gets.
type pushed struct {
	V     int       `json:"v"`
	ID    kernel.ID `json:"id"`
	Title string    `json:"title"`
	Text  string    `json:"text"`
	Link  string    `json:"link"`
	Code  string    `json:"code,omitempty"` // of a test
}

// errNoBrowser means that no browser of a person took a message.
var errNoBrowser = errors.New("no browser takes messages")

// push sends to all browsers of a person; one that takes it is enough. A browser that
// its push service knows no more is forgotten.
func (s *Service) push(ctx context.Context, person kernel.ID, l letter) error {
	subs, err := s.subscriptions(ctx, person)
	if err != nil {
		return err
	}
	k, err := s.keys(ctx)
	if err != nil {
		return err
	}
	if k.Private, err = s.Sealer.Open(vapidPlace, k.Private); err != nil {
		return err
	}
	raw, err := json.Marshal(pushed{V: 1, ID: l.ID, Title: l.Title, Text: l.Text, Link: l.Link, Code: l.Code})
	if err != nil {
		return fmt.Errorf("write a push message: %w", err)
	}
	failed := errNoBrowser
	took := false
	for _, sub := range subs {
		gone, err := s.pushOne(ctx, k, sub, raw, l.Urgent)
		switch {
		case gone:
			err = s.Unsubscribe(ctx, person, sub.Endpoint)
		case err == nil:
			took = true
		}
		if err != nil {
			failed = err
		}
	}
	if took {
		return nil
	}
	return failed
}

func (s *Service) pushOne(ctx context.Context, k keys, sub subscriptionRow, raw []byte, urgent bool) (gone bool, err error) {
	options := &webpush.Options{
		HTTPClient: s.client, Subscriber: s.Settings().URL, VAPIDPublicKey: k.Public, VAPIDPrivateKey: k.Private, TTL: pushLife, Urgency: webpush.UrgencyNormal,
	}
	if urgent {
		options.Urgency = webpush.UrgencyHigh
	}
	reply, err := webpush.SendNotificationWithContext(ctx, raw, &webpush.Subscription{Endpoint: sub.Endpoint, Keys: webpush.Keys{P256dh: sub.P256DH, Auth: sub.Auth}}, options)
	if err != nil {
		return false, fmt.Errorf("call a push service: %w", err)
	}
	defer func() { _ = reply.Body.Close() }()
	switch {
	case reply.StatusCode == http.StatusNotFound || reply.StatusCode == http.StatusGone:
		return true, nil
	case reply.StatusCode >= 300:
		return false, fmt.Errorf("a push service answers %d", reply.StatusCode)
	}
	return false, nil
}
